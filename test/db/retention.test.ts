import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FactsAround } from '../../src/db/actor-facts.ts';
import { openReader } from '../../src/db/client.ts';
import { runListQuery } from '../../src/db/list-queries.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Entry, Store } from '../../src/db/store.ts';
import { retentionLimits } from '../../src/machines/retention-limits.ts';
import { cutLog, type Image } from '../../src/simulation/disk-image.ts';
import { onDisposal } from '../support/disposal.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { taskIdOf } from '../support/pool-samples.ts';
import {
  accept,
  alive,
  atMs,
  cancelledWaiting,
  entry,
  leaseFacts,
  local,
  makeTask,
  registration,
} from '../support/store-samples.ts';

const slice = { after: null, limit: retentionLimits.sliceTasks, runsKeptFrom: Number.MAX_SAFE_INTEGER };

function open(path = join(memoryFolder(), 'koubou.db'), nowMs = atMs): { path: string; store: Store } {
  const store = openStore(path, 'normal', nowMs);
  onDisposal(() => store.close());
  store.registerWorkers([registration(local)], atMs);
  return { path, store };
}

/** A task that was completed, `afterMs` after the beginning of time. */
function completed(seq: number, afterMs = seq): readonly Entry[] {
  const { assigned, completed: done } = leaseFacts(seq, seq);
  return [accept(makeTask(seq)), entry(assigned), entry(done, atMs + afterMs)];
}

async function filled(tasks: number): Promise<{ path: string; store: Store }> {
  const opened = open();
  for (let seq = 1; seq <= tasks; seq += 1) await opened.store.commit(completed(seq));
  return opened;
}

const seqsIn = (store: Store) => store.eventsSince(0, 10_000).map(({ seq }) => seq);

describe('deleting ended tasks', () => {
  test('begins with the oldest ending, takes leases along, and stops at the limit', async () => {
    const { store } = await filled(5);
    const first = store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 5, limit: 2 });
    expect(first.deleted).toBe(2);
    expect([1, 2, 3].map((seq) => store.task(taskIdOf(seq)) !== undefined)).toEqual([false, false, true]);
    expect(store.assignmentsOf(taskIdOf(2))).toEqual([]);
    const second = store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 5, after: first.next });
    expect(second).toEqual({ deleted: 2, next: null });
    expect(store.counts()).toMatchObject({ completed: 1 });
  });

  test('looks at a bounded number of rows, and ends before it deletes too many bytes', async () => {
    const { store } = open();
    const many = retentionLimits.sliceTasks + 10;
    const tasks = Array.from({ length: many }, (_, index) => makeTask(index + 1));
    await store.commit([accept(...tasks), ...tasks.map(({ seq }) => entry(cancelledWaiting(seq)))]);
    const all = { ...slice, endedBeforeMs: atMs + 1, limit: many };
    expect(store.upkeep.deleteTasks(all).deleted).toBe(retentionLimits.sliceTasks);
    const big = 'x'.repeat(retentionLimits.sliceBytes / 2);
    const large = [1, 2, 3].map((index) => makeTask(many + index, { prompt: big }));
    await store.commit([accept(...large), ...large.map(({ seq }) => entry(cancelledWaiting(seq)))]);
    store.upkeep.deleteTasks(all);
    expect(store.counts().cancelled).toBe(2);
  });

  test('spares the runs that predictions are learned from, and goes on behind them', async () => {
    const { store } = await filled(6);
    const runsKeptFrom = store.upkeep.runsKeptFrom(2);
    const before = store.lastRuns(2);
    const first = store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 60_000, runsKeptFrom });
    expect(first).toEqual({ deleted: 4, next: null });
    expect(store.lastRuns(2)).toEqual(before);
    expect(store.upkeep.runsKeptFrom(2)).toBe(5);
  });

  test('lets the task that tried another one again outlive it', async () => {
    const { store } = open();
    const { assigned, failed } = leaseFacts(1, 1);
    await store.commit([accept(makeTask(1)), entry(assigned), entry(failed, atMs + 50)]);
    const again = makeTask(2, {
      metadata: { files: [], output_file: null, options: {}, created_by: 't', retry_of: taskIdOf(1) },
    });
    // The wall clock was set back in between.
    await store.commit([accept(again), entry(cancelledWaiting(2), atMs + 1)]);
    store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 10 });
    expect(store.task(taskIdOf(2))).toBeDefined();
    expect(store.forgetCompleted(atMs + 10, 10)).toBe(0);
    store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 60 });
    store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 60 });
    expect(store.counts()).toMatchObject({ failed: 0, cancelled: 0 });
  });

  test('gives no number out again, after a restart with nothing left', async () => {
    const { path, store } = await filled(3);
    store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 10 });
    store.upkeep.cutEvents(1_000, 1_000);
    store.close();
    const { store: later } = open(path);
    expect(later.recovery()).toMatchObject({ lastTaskSeq: 3, lastAssignment: 3 });
    expect(later.counts().completed).toBe(0);
    expect((await later.commit([accept(makeTask(4))])).committed).toMatchObject([{ seq: 10 }]);
  });
});

describe('cutting off the record', () => {
  test('leaves no gap above the floor, and all that tells of a kept task below it', async () => {
    const { store } = open();
    await store.commit([accept(makeTask(1)), entry(alive())]);
    await store.commit([...completed(2), ...completed(3)]);
    store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 3 });
    expect(store.upkeep.cutEvents(6, 100)).toEqual({ deleted: 3, floor: 6 });
    // Task 1 waits, worker 1 is alive, task 3 is kept.
    expect(seqsIn(store)).toEqual([1, 2, 6, 7, 8]);
    expect(store.eventsOf(taskIdOf(3), 0, 9)).toHaveLength(3);
    store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 4 });
    expect(seqsIn(store)).toEqual([1, 2, 7, 8]);
  });

  test('goes on by a bounded number of events, and never takes the last one', async () => {
    const { store } = await filled(4);
    store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 10 });
    expect(store.upkeep.cutEvents(1_000, 5)).toEqual({ deleted: 5, floor: 5 });
    expect(store.upkeep.cutEvents(1_000, 50)).toEqual({ deleted: 6, floor: 11 });
    expect(store.upkeep.cutEvents(1_000, 50)).toEqual({ deleted: 0, floor: 11 });
    expect([seqsIn(store), store.lastSeq()]).toEqual([[12], 12]);
  });

  test('keeps a pause in force, and who is there', async () => {
    const { path, store } = open();
    const house = (type: 'pool.paused' | 'pool.resumed') => entry({ type });
    await store.commit([
      entry(alive()),
      entry({ type: 'pool.started', recovered: 0, waiting: 0 }),
      house('pool.paused'),
      house('pool.resumed'),
      house('pool.paused'),
      accept(makeTask(1)),
      entry(cancelledWaiting(1)),
    ]);
    store.upkeep.cutEvents(6, 100);
    expect(seqsIn(store)).toEqual([1, 2, 5, 6, 7]);
    expect(open(path).store.recovery().isPaused).toBe(true);
  });

  test('is told by the record of an actor: it claims to be whole from the floor on', async () => {
    const { path, store } = await filled(4);
    store.upkeep.cutEvents(5, 100);
    const reader = openReader(path);
    onDisposal(() => reader.$client.close());
    const around = (seq: number | null) =>
      runListQuery(reader, { kind: 'factsAround', actor: { kind: 'pool' }, seq }) as FactsAround;
    expect(around(null)).toMatchObject({ since: 6, until: 12 });
    expect(around(2).facts.map(({ seq }) => seq)).toEqual([6, 7, 8, 9, 10, 11, 12]);
  });

  test('finds where the time begins that is kept', async () => {
    const { store } = await filled(5);
    await store.commit([accept(makeTask(6)), entry(cancelledWaiting(6), atMs + 99)]);
    expect(store.upkeep.firstEventSince(atMs + 50)).toBe(17);
    expect(store.upkeep.firstEventSince(atMs + 100)).toBe(18);
  });
});

describe('whatever was deleted', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('accept' as const) }),
    fc.record({ kind: fc.constant('end' as const), at: fc.nat(9) }),
    fc.record({ kind: fc.constant('lease' as const), at: fc.nat(9) }),
    fc.record({
      kind: fc.constant('delete' as const),
      before: fc.nat(40),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ kind: fc.constant('cut' as const), to: fc.nat(80), limit: fc.integer({ min: 1, max: 9 }) }),
  );

  test('what has not ended is there with its whole story, and the stream has no gap above its floor', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const store = openStore(':memory:', 'normal', atMs);
        store.registerWorkers([registration(local)], atMs);
        const waiting: number[] = [];
        const held: { seq: number; lease: number }[] = [];
        let [seq, lease, time, over] = [0, 0, 0, 0];
        for (const each of steps) {
          time += 1;
          if (each.kind === 'accept') {
            seq += 1;
            waiting.push(seq);
            await store.commit([accept(makeTask(seq))]);
          } else if (each.kind === 'lease' && waiting.length > 0) {
            const [taken = 0] = waiting.splice(each.at % waiting.length, 1);
            lease += 1;
            held.push({ seq: taken, lease });
            await store.commit([entry(leaseFacts(taken, lease).assigned)]);
          } else if (each.kind === 'end' && held.length > 0) {
            const [ended] = held.splice(each.at % held.length, 1);
            over += 1;
            if (ended !== undefined)
              await store.commit([entry(leaseFacts(ended.seq, ended.lease).completed, atMs + time)]);
          } else if (each.kind === 'delete') {
            const { deleted } = store.upkeep.deleteTasks({
              ...slice,
              endedBeforeMs: atMs + each.before,
              limit: each.limit,
            });
            expect(deleted).toBeLessThanOrEqual(each.limit);
            over -= deleted;
          } else if (each.kind === 'cut') store.upkeep.cutEvents(each.to, each.limit);
          const living = [...waiting, ...held.map((task) => task.seq)];
          for (const id of living) {
            expect(store.task(taskIdOf(id))?.endedAt).toBeNull();
            expect(store.eventsOf(taskIdOf(id), 0, 9)[0]?.type).toBe('task.accepted');
          }
          const { pending, in_progress, completed: done } = store.counts();
          expect([pending, in_progress, done]).toEqual([waiting.length, held.length, over]);
          const floor = store.upkeep.floor();
          const above = seqsIn(store).filter((found) => found > floor);
          expect(above).toEqual(Array.from({ length: store.lastSeq() - floor }, (_, i) => floor + 1 + i));
        }
        store.close();
      }),
      { numRuns: 60 },
    );
  });

  test('a kill or a loss of power within a slice loses nothing that is kept', async () => {
    const { path, store } = await filled(12);
    await store.commit([accept(makeTask(13), makeTask(14))]);
    const look = () => ({ database: readFileSync(path), log: readFileSync(`${path}-wal`) });
    const verify = (image: Image, tasks: readonly number[], name: string) => {
      const copy = join(memoryFolder(), 'koubou.db');
      writeFileSync(copy, image.database);
      writeFileSync(`${copy}-wal`, image.log);
      const { store: later } = open(copy);
      expect([name, later.counts().pending]).toEqual([name, 2]);
      for (const seq of tasks) {
        expect(later.task(taskIdOf(seq))?.result).toContain(`answer ${seq}`);
        expect(later.eventsOf(taskIdOf(seq), 0, 9)).toHaveLength(3);
        expect(later.assignmentsOf(taskIdOf(seq))).toHaveLength(1);
      }
      const client = new Database(copy);
      expect(client.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(client.pragma('foreign_key_check')).toEqual([]);
      client.close();
    };
    const kept = [9, 10, 11, 12];
    for (let round = 0; round < 4; round += 1) {
      const before = look();
      store.upkeep.deleteTasks({ ...slice, endedBeforeMs: atMs + 9, limit: 3 });
      store.upkeep.cutEvents(1_000, 10);
      const after = look();
      verify(after, kept, `round ${round}, killed behind it`);
      for (const share of [0.1, 0.35, 0.6, 0.9]) {
        verify(
          { ...after, log: cutLog(before.log, after.log, () => share) },
          kept,
          `round ${round}, cut at ${share}`,
        );
      }
    }
    expect(store.counts().completed).toBe(4);
  });
});
