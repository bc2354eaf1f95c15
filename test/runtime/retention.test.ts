import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RetentionSettings } from '../../src/config/settings.ts';
import { loadConfig } from '../../src/config.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Upkeep } from '../../src/db/upkeep.ts';
import { limits } from '../../src/machines/limits.ts';
import { retentionLimits } from '../../src/machines/retention-limits.ts';
import { CurrentConfig } from '../../src/runtime/current-config.ts';
import { readRecord } from '../../src/runtime/history.ts';
import { Retention } from '../../src/runtime/retention.ts';
import { onDisposal } from '../support/disposal.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import {
  accept,
  cancelledWaiting,
  entry,
  leaseFacts,
  local,
  makeTask,
  registration,
} from '../support/store-samples.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const shipped = loadConfig({ cwd: '/nowhere', env: { KOUBOU_CONFIG: `${process.cwd()}/config` } });
const dayMs = 24 * 3_600_000;
const forEver: RetentionSettings = { maxAgeDays: 0, maxEndedTasks: 0, maxEvents: 0 };
const { sweepEveryMs, quietMs, sliceTasks, freshMs, busyGapMs } = retentionLimits;

/** A store beside a clock that a test moves; each call of its upkeep that deletes is noted with its moment. */
function setup(settings: Partial<RetentionSettings>) {
  const clock = new VirtualClock();
  const store = openStore(join(memoryFolder(), 'koubou.db'), 'normal', clock.now());
  onDisposal(() => store.close());
  store.registerWorkers([registration(local)], clock.now());
  const slices: { readonly atMs: number; readonly deleted: number }[] = [];
  const state = { isStalled: false, fault: null as Error | null };
  const upkeep: Upkeep = {
    ...store.upkeep,
    deleteTasks: (slice) => {
      if (state.fault !== null) throw state.fault;
      const sliced = store.upkeep.deleteTasks(slice);
      slices.push({ atMs: clock.monotonic(), deleted: sliced.deleted });
      return sliced;
    },
  };
  const logged: string[] = [];
  const log = {
    info: (_: object, message: string) => void logged.push(message),
    warn: (_: object, message: string) => void logged.push(message),
    error: (_: object, message: string) => void logged.push(message),
  };
  const config = new CurrentConfig({ ...shipped, retention: { ...forEver, ...settings } });
  const retention = new Retention({
    store: {
      upkeep,
      lastSeq: () => store.lastSeq(),
      eventsSince: (afterSeq, limit) => store.eventsSince(afterSeq, limit),
    },
    clock,
    config,
    log,
    isStalled: () => state.isStalled,
  });
  onDisposal(() => retention.stop());
  let last = 0;
  /** So many tasks that are cancelled now. */
  const end = async (count: number) => {
    const tasks = Array.from({ length: count }, () => makeTask(++last));
    await store.commit([
      accept(...tasks),
      ...tasks.map(({ seq }) => entry(cancelledWaiting(seq), clock.now())),
    ]);
  };
  /** A minute, and what follows from it. */
  const look = () => clock.advance(sweepEveryMs + quietMs + 1_000);
  /** One sweep, with the pauses between its slices. */
  const sweep = async () => {
    const swept = retention.sweep();
    await clock.advance(1_000);
    return swept;
  };
  return { clock, store, retention, config, slices, state, logged, end, look, sweep };
}

describe('what is over and old', () => {
  test('is deleted by its age, and only then', async () => {
    const { clock, store, retention, end, look, logged } = setup({ maxAgeDays: 2 });
    void retention.watch();
    await end(3);
    await clock.stall(dayMs);
    await end(2);
    await look();
    expect([store.counts().cancelled, store.upkeep.floor(), logged]).toEqual([5, 0, []]);
    await clock.stall(dayMs);
    await look();
    expect([store.counts().cancelled, store.upkeep.floor(), logged]).toEqual([
      2,
      6,
      ['what was old was deleted'],
    ]);
    await clock.stall(dayMs);
    await look();
    // The last event stays: the next one counts on from it.
    expect([store.counts().cancelled, store.upkeep.floor()]).toEqual([0, 9]);
  });

  test('is deleted by its number, the oldest first, but not within a minute after its end', async () => {
    const { clock, store, retention, end, look, sweep } = setup({ maxEndedTasks: 4 });
    await end(3);
    await clock.stall(2 * freshMs);
    await end(3);
    await sweep();
    expect(store.counts().cancelled).toBe(4);
    await end(9);
    await sweep();
    expect(store.counts().cancelled).toBe(12);
    void retention.watch();
    await look();
    await look();
    expect(store.counts().cancelled).toBe(4);
  });

  test('outlives a clock that was set ahead by mistake: what is deleted by age has a day in which that is seen', async () => {
    const { clock, store, retention, end, look } = setup({ maxAgeDays: 2 });
    void retention.watch();
    await end(3);
    await look();
    clock.jumpWall(31 * dayMs);
    await look();
    await clock.stall(dayMs / 2);
    await look();
    clock.jumpWall(-31 * dayMs);
    await look();
    expect(store.counts().cancelled).toBe(3);
    clock.jumpWall(31 * dayMs);
    await look();
    await clock.stall(dayMs);
    await look();
    expect(store.counts().cancelled).toBe(0);
  });

  test('outlives a start with a clock that is wrong', async () => {
    const { clock, store, retention, end } = setup({ maxAgeDays: 2 });
    await end(3);
    retention.stop();
    clock.jumpWall(31 * dayMs);
    const next = new Retention({
      store,
      clock,
      config: new CurrentConfig({ ...shipped, retention: { ...forEver, maxAgeDays: 2 } }),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      isStalled: () => false,
    });
    const swept = next.sweep();
    await clock.advance(1_000);
    expect(await swept).toMatchObject({ tasks: 0, events: 0 });
    await clock.stall(dayMs);
    const later = next.sweep();
    await clock.advance(1_000);
    expect(await later).toMatchObject({ tasks: 3 });
  });

  test('stays for ever where nothing else is asked for', async () => {
    const { clock, store, retention, end, look } = setup({});
    void retention.watch();
    await end(300);
    await clock.stall(100 * 365 * dayMs);
    await look();
    expect([store.counts().cancelled, store.upkeep.floor()]).toEqual([300, 0]);
  });

  test('is spared as far as predictions are learned from it', async () => {
    const { clock, store, retention, look } = setup({ maxAgeDays: 1 });
    for (let seq = 1; seq <= 3; seq += 1) {
      const { assigned, completed } = leaseFacts(seq, seq);
      await store.commit([accept(makeTask(seq)), entry(assigned), entry(completed, clock.now())]);
    }
    const before = store.lastRuns(limits.runsRead);
    await clock.stall(9 * dayMs);
    void retention.watch();
    await look();
    expect(store.lastRuns(limits.runsRead)).toEqual(before);
  });

  test('a reload changes what is kept', async () => {
    const { clock, store, retention, config, end, look } = setup({});
    void retention.watch();
    await end(3);
    await clock.stall(2 * dayMs);
    await look();
    config.replace({ ...config.now, retention: { ...forEver, maxAgeDays: 1 } });
    await look();
    expect(store.counts().cancelled).toBe(0);
  });

  test('leaves a record that refuses who stands before it, and tells all to who stands at it', async () => {
    const { store, end, sweep } = setup({ maxEvents: 4 });
    await end(5);
    await sweep();
    expect(store.upkeep.floor()).toBe(6);
    expect(() => readRecord(store, 5, 10)).toThrow(expect.objectContaining({ code: 'record.cut' }));
    expect(readRecord(store, 6, 10).map(({ seq }) => seq)).toEqual([7, 8, 9, 10]);
  });
});

describe('the slices', () => {
  test('are small, and something else can happen between them', async () => {
    const { clock, store, retention, slices, end } = setup({ maxAgeDays: 1 });
    for (let round = 0; round < 3; round += 1) await end(sliceTasks);
    await clock.stall(2 * dayMs);
    const swept = retention.sweep();
    await clock.advance(1_000);
    expect(slices.map(({ deleted }) => deleted)).toEqual([sliceTasks, sliceTasks, sliceTasks, 0]);
    expect(new Set(slices.map(({ atMs }) => atMs)).size).toBe(4);
    expect(await swept).toMatchObject({ tasks: 3 * sliceTasks });
    expect(store.counts().cancelled).toBe(0);
  });

  test('lie further apart while something is written', async () => {
    const { clock, retention, slices, end } = setup({ maxAgeDays: 1 });
    for (let round = 0; round < 3; round += 1) await end(sliceTasks);
    await clock.stall(2 * dayMs);
    const swept = retention.sweep();
    for (let ms = 0; ms < 1_000; ms += 2) {
      await end(1);
      await clock.advance(2);
    }
    await swept;
    const [first = 0, second = 0] = slices.map(({ atMs }) => atMs);
    expect(second - first).toBeGreaterThanOrEqual(busyGapMs);
  });

  test('end in the middle when the server stops, and leave no timer', async () => {
    const { clock, store, retention, end } = setup({ maxAgeDays: 1 });
    for (let round = 0; round < 3; round += 1) await end(sliceTasks);
    await clock.stall(2 * dayMs);
    void retention.watch();
    const swept = retention.sweep();
    await clock.settle();
    retention.stop();
    await clock.advance(10 * sweepEveryMs);
    expect(await swept).toMatchObject({ tasks: sliceTasks });
    expect([store.counts().cancelled, clock.pending]).toEqual([2 * sliceTasks, 0]);
  });

  test('wait while the disk fails, and a fault of theirs is tried again', async () => {
    const { clock, store, retention, state, logged, end, look } = setup({ maxAgeDays: 1 });
    await end(3);
    await clock.stall(2 * dayMs);
    void retention.watch();
    state.isStalled = true;
    await look();
    expect(store.counts().cancelled).toBe(3);
    state.isStalled = false;
    state.fault = new Error('the disk is full');
    await look();
    expect(logged).toEqual([expect.stringContaining('tried again')]);
    state.fault = null;
    await look();
    expect(store.counts().cancelled).toBe(0);
  });
});
