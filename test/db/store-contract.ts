import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/db/store.ts';
import { taskIdOf } from '../support/pool-samples.ts';
import {
  accept,
  atMs,
  cancelledWaiting,
  entry,
  leaseFacts,
  local,
  makeTask,
  moved,
  registration,
  remote,
} from '../support/store-samples.ts';

/** Where a store keeps what it is given: it can be opened again and again. */
export interface StoreHome {
  /** Opens it, after the former one was closed. */
  readonly open: (nowMs?: number) => Store;
}

/** A store of a fresh home that knows two workers. */
export function openStoreAt(home: StoreHome): { home: StoreHome; store: Store } {
  const store = home.open();
  store.registerWorkers([registration(local), registration(remote)], atMs);
  return { home, store };
}

/** What every store must do, whatever it writes to: commits, and the row as the arbiter. */
export function storeContract(name: string, makeHome: () => StoreHome): void {
  const setup = () => openStoreAt(makeHome());

  describe(`${name}: a commit`, () => {
    test('answers with the facts in order, numbered without a gap', async () => {
      const { store } = setup();
      const { assigned, completed } = leaseFacts(1, 1);
      const first = await store.commit([accept(makeTask(1), makeTask(2)), entry(assigned)]);
      const second = await store.commit([entry(completed)]);
      const told = [...first.committed, ...second.committed].map(({ seq, fact }) => [seq, fact.type]);
      expect(told).toEqual([
        [1, 'task.accepted'],
        [2, 'task.accepted'],
        [3, 'task.assigned'],
        [4, 'task.completed'],
      ]);
    });

    test('is all or nothing', async () => {
      const { store } = setup();
      await store.commit([accept(makeTask(1))]);
      const { assigned } = leaseFacts(1, 1);
      await expect(
        store.commit([accept(makeTask(2)), entry(assigned), accept(makeTask(1))]),
      ).rejects.toThrow();
      expect(store.task(taskIdOf(2))).toBeUndefined();
      expect(store.task(taskIdOf(1))).toMatchObject({ status: 'pending', leases: 0 });
      expect(store.eventsOf(taskIdOf(1), 0, 10)).toHaveLength(1);
      expect(store.recovery()).toMatchObject({ lastTaskSeq: 1, lastAssignment: 0 });
    });

    test('that fails leaves no gap in the numbers, nor does a restart', async () => {
      const { home, store } = setup();
      await store.commit([accept(makeTask(1))]);
      await expect(store.commit([accept(makeTask(2)), accept(makeTask(2))])).rejects.toThrow();
      expect((await store.commit([accept(makeTask(3))])).committed).toMatchObject([{ seq: 2 }]);
      store.close();
      const later = home.open();
      expect((await later.commit([accept(makeTask(4))])).committed).toMatchObject([{ seq: 3 }]);
    });

    test('of nothing is fine', async () => {
      const { store } = setup();
      expect(await store.commit([])).toMatchObject({ committed: [], refused: [] });
    });

    test('keeps the words of a task to the letter', async () => {
      const { home, store } = setup();
      const prompt = 'こんにちは 🎋\n"quoted" \u0000 and after';
      const options = { temperature: 0.5, model: 'm' };
      const metadata = { files: ['a b'], output_file: 'x.md', options, created_by: 'me' };
      await store.commit([accept(makeTask(1, { prompt, metadata, priority: 9, taskType: 'analysis' }))]);
      store.close();
      const row = home.open().task(taskIdOf(1));
      expect(row).toMatchObject({ prompt, priority: 9, taskType: 'analysis', result: null });
      expect(JSON.parse(row?.metadata ?? '')).toEqual(metadata);
    });
  });

  describe(`${name}: the row is the arbiter`, () => {
    const lease = leaseFacts(1, 1);
    const next = leaseFacts(1, 2);
    const cases = [
      [
        'an ending under a lease of the past',
        [lease.assigned, lease.retried, next.assigned],
        lease.completed,
      ],
      ['a second ending', [lease.assigned, lease.completed], lease.failed],
      ['the same ending again', [lease.assigned, lease.completed], lease.completed],
      ['a cancel after the ending', [lease.assigned, lease.completed], lease.cancelled],
      ['a cancel of a running task as if it waited', [lease.assigned], cancelledWaiting(1)],
      ['a lease of a cancelled task', [cancelledWaiting(1)], lease.assigned],
      ['a second lease beside the first', [lease.assigned], next.assigned],
      ['another try of a task that waits', [], lease.retried],
      [
        'another try under a lease of the past',
        [lease.assigned, lease.retried, next.assigned],
        lease.retried,
      ],
      ['an ending of a task that waits again', [lease.assigned, lease.retried], lease.completed],
      ['an ending of a task that backs off', [lease.assigned, lease.delayed], lease.failed],
      ['another priority of an ended task', [lease.assigned, lease.completed], moved(1, 9)],
      ['a lease of a task that nobody accepted', [], leaseFacts(9, 1).assigned],
    ] as const;

    test.each(cases)('%s is refused, and changes nothing', async (_what, before, refused) => {
      const { store } = setup();
      await store.commit([accept(makeTask(1)), ...before.map((fact) => entry(fact))]);
      const [row, recovery, events] = [
        store.task(taskIdOf(1)),
        store.recovery(),
        store.eventsOf(taskIdOf(1), 0, 99),
      ];
      const workers = store.workers();
      const receipt = await store.commit([entry(refused), accept(makeTask(2))]);
      expect(receipt.refused).toEqual([refused]);
      expect(receipt.committed).toMatchObject([{ seq: before.length + 2, fact: { type: 'task.accepted' } }]);
      expect(store.task(taskIdOf(1))).toEqual(row);
      expect(store.eventsOf(taskIdOf(1), 0, 99)).toEqual(events);
      expect(store.workers()).toEqual(workers);
      expect(store.recovery()).toMatchObject({
        held: recovery.held,
        lastAssignment: recovery.lastAssignment,
      });
    });

    test('a lease, an ending and their times stand in the row', async () => {
      const { store } = setup();
      await store.commit([accept(makeTask(1))]);
      await store.commit([entry(lease.assigned, atMs + 1_000)]);
      expect(store.task(taskIdOf(1))).toMatchObject({
        status: 'in_progress',
        workerId: local,
        assignmentId: 1,
        leases: 1,
        startedAt: '2026-01-01 12:00:01.000',
        endedAt: null,
      });
      await store.commit([entry(lease.completed, atMs + 2_500)]);
      const row = store.task(taskIdOf(1));
      expect(row).toMatchObject({
        status: 'completed',
        startedAt: '2026-01-01 12:00:01.000',
        endedAt: '2026-01-01 12:00:02.500',
        updatedAt: '2026-01-01 12:00:02.500',
      });
      expect(JSON.parse(row?.result ?? '')).toMatchObject({ success: true, output: 'answer 1', error: null });
    });

    test('the first start stays, however often a task is leased again', async () => {
      const { store } = setup();
      await store.commit([
        accept(makeTask(1)),
        entry(lease.assigned, atMs + 1),
        entry(lease.retried, atMs + 2),
      ]);
      await store.commit([entry({ ...next.assigned, lease: 2 }, atMs + 3)]);
      expect(store.task(taskIdOf(1))).toMatchObject({
        startedAt: '2026-01-01 12:00:00.001',
        leases: 2,
        failures: 1,
      });
    });
  });

  describe(`${name}: another priority`, () => {
    test('stands in the row, of a task that waits and of one that runs', async () => {
      const { store } = setup();
      const { assigned } = leaseFacts(1, 1);
      await store.commit([accept(makeTask(1), makeTask(2)), entry(assigned)]);
      const { refused } = await store.commit([entry(moved(1, 9)), entry(moved(2, 1))]);
      expect(refused).toEqual([]);
      expect([1, 2].map((seq) => store.task(taskIdOf(seq))?.priority)).toEqual([9, 1]);
      const tier = { priority: 1, taskType: 'general', afterSeq: 0 };
      expect(store.readyRows(tier, 9)).toMatchObject([{ taskId: taskIdOf(2) }]);
      expect(store.eventsOf(taskIdOf(2), 0, 9).at(-1)).toMatchObject({
        type: 'task.reprioritized',
        from: 'queued',
        to: 'queued',
        data: JSON.stringify({ priority: 1 }),
      });
    });
  });

  describe(`${name}: forgetting`, () => {
    test('takes completed tasks of before with their leases, the oldest first, and leaves their events', async () => {
      const { store } = setup();
      for (const seq of [1, 2, 3]) {
        const { assigned, completed } = leaseFacts(seq, seq);
        await store.commit([accept(makeTask(seq)), entry(assigned), entry(completed, atMs + seq)]);
      }
      await store.commit([accept(makeTask(4), makeTask(5)), entry(cancelledWaiting(4))]);
      expect(store.forgetCompleted(atMs + 3, 1)).toBe(1);
      expect(store.forgetCompleted(atMs + 3, 9)).toBe(1);
      expect(store.forgetCompleted(atMs + 3, 9)).toBe(0);
      const left = [1, 2, 3, 4, 5].map((seq) => store.task(taskIdOf(seq)) !== undefined);
      expect(left).toEqual([false, false, true, true, true]);
      expect(store.assignmentsOf(taskIdOf(1))).toEqual([]);
      expect(store.assignmentsOf(taskIdOf(3))).toHaveLength(1);
      expect(store.eventsOf(taskIdOf(1), 0, 9)).toHaveLength(3);
    });
  });

  describe(`${name}: a restart`, () => {
    test('finds what was held, what waits, and the last numbers', async () => {
      const { home, store } = setup();
      const { assigned, completed } = leaseFacts(2, 41, remote);
      await store.commit([
        accept(...[1, 2, 3, 4, 5].map((seq) => makeTask(seq)), makeTask(6, { priority: 1 })),
        accept(makeTask(7, { runAtMs: atMs + 1 })),
        entry(leaseFacts(1, 40).assigned),
        entry(assigned),
        entry(completed),
      ]);
      store.close();
      const recovery = home.open().recovery();
      expect(recovery.held.map(({ seq, assignmentId: id }) => [seq, id])).toEqual([[1, 40]]);
      expect(recovery.waiting.toSorted((a, b) => a.priority - b.priority)).toEqual([
        { priority: 1, taskType: 'general', count: 1, firstSeq: 6 },
        { priority: 5, taskType: 'general', count: 3, firstSeq: 3 },
      ]);
      expect(recovery).toMatchObject({ lastTaskSeq: 7, lastAssignment: 41 });
    });

    test('of an empty home begins at the beginning', () => {
      const { store } = setup();
      expect(store.recovery()).toEqual({
        held: [],
        waiting: [],
        lastTaskSeq: 0,
        lastAssignment: 0,
        isPaused: false,
        admissions: new Map([
          [local, 'active'],
          [remote, 'active'],
        ]),
      });
      expect(store.nextRunAtMs()).toBeNull();
    });
  });

  describe(`${name}: a key of a client`, () => {
    const keyed = {
      kind: 'accept',
      atMs,
      tasks: [makeTask(1), makeTask(2)],
      idempotency: { key: 'k', fingerprint: 'f' },
    } as const;

    test('gives the same tasks again, after a restart too', async () => {
      const { home, store } = setup();
      expect(store.idempotent('k')).toBeUndefined();
      await store.commit([keyed]);
      store.close();
      const row = home.open(atMs).idempotent('k');
      expect(row).toMatchObject({ fingerprint: 'f' });
      expect(JSON.parse(row?.taskIds ?? '')).toEqual([taskIdOf(1), taskIdOf(2)]);
    });

    test('is not there when its tasks are not', async () => {
      const { store } = setup();
      await expect(store.commit([keyed, accept(makeTask(1))])).rejects.toThrow();
      expect(store.idempotent('k')).toBeUndefined();
    });

    test('is forgotten after a week, and not before', async () => {
      const { home, store } = setup();
      await store.commit([keyed]);
      const week = 7 * 24 * 3_600_000;
      store.close();
      const after = home.open(atMs + week);
      expect(after.idempotent('k')).toBeDefined();
      after.close();
      expect(home.open(atMs + week + 1).idempotent('k')).toBeUndefined();
    });
  });
}
