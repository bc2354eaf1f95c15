import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/db/store.ts';
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
  remote,
} from '../support/store-samples.ts';
import { openStoreAt, type StoreHome } from './store-contract.ts';

/** What every store must say, whatever it reads from: what waits, and how the workers are. */
export function storeViewsContract(name: string, makeHome: () => StoreHome): void {
  const setup = () => openStoreAt(makeHome());

  describe(`${name}: what is under a lease`, () => {
    test('what is to be done is told under the lease that holds, and under no other', async () => {
      const { store } = setup();
      const lease = leaseFacts(1, 1);
      const id = lease.assigned.assignmentId;
      await store.commit([accept(makeTask(1))]);
      expect(store.held(taskIdOf(1), id)).toBeUndefined();
      await store.commit([entry(lease.assigned, atMs + 1_000)]);
      expect(store.held(taskIdOf(1), id)).toEqual({
        taskType: 'general',
        priority: 5,
        leases: 1,
        createdAt: '2026-01-01 12:00:00.000',
        startedAt: '2026-01-01 12:00:01.000',
        metadata: store.task(taskIdOf(1))?.metadata,
        prompt: makeTask(1).prompt,
      });
      expect(store.held(taskIdOf(1), leaseFacts(1, 2).assigned.assignmentId)).toBeUndefined();
      await store.commit([entry(lease.retried)]);
      expect(store.held(taskIdOf(1), id)).toBeUndefined();
    });
  });

  describe(`${name}: what waits`, () => {
    test('is read by priority, oldest first, from a place on, and not more than asked', async () => {
      const { store } = setup();
      await store.commit([
        accept(...[5, 3, 1, 4, 2].map((seq) => makeTask(seq)), makeTask(6, { priority: 9 })),
        accept(makeTask(7, { runAtMs: atMs + 1 }), makeTask(8), makeTask(9)),
        entry(cancelledWaiting(8)),
        entry(leaseFacts(2, 1).assigned),
      ]);
      expect(
        store.readyRows({ priority: 5, taskType: 'general', afterSeq: 0 }, 10).map(({ seq }) => seq),
      ).toEqual([1, 3, 4, 5, 9]);
      expect(
        store.readyRows({ priority: 5, taskType: 'general', afterSeq: 3 }, 2).map(({ seq }) => seq),
      ).toEqual([4, 5]);
      expect(
        store.readyRows({ priority: 9, taskType: 'general', afterSeq: 0 }, 10).map(({ seq }) => seq),
      ).toEqual([6]);
      expect(store.readyRows({ priority: 1, taskType: 'general', afterSeq: 0 }, 10)).toEqual([]);
    });

    test('comes due at its time, once, and is counted by priority', async () => {
      const { store } = setup();
      const later = [10, 20, 30, 40].map((delay, at) =>
        makeTask(at + 1, { runAtMs: atMs + delay, priority: at === 1 ? 9 : 5 }),
      );
      await store.commit([accept(...later, makeTask(5))]);
      expect(store.nextRunAtMs()).toBe(atMs + 10);
      expect(store.takeDue(atMs + 9, 10)).toEqual([]);
      const due = store.takeDue(atMs + 30, 10).toSorted((a, b) => a.priority - b.priority);
      expect(due).toEqual([
        { priority: 5, taskType: 'general', count: 2, firstSeq: 1 },
        { priority: 9, taskType: 'general', count: 1, firstSeq: 2 },
      ]);
      expect(store.takeDue(atMs + 30, 10)).toEqual([]);
      expect(store.nextRunAtMs()).toBe(atMs + 40);
      expect(
        store.readyRows({ priority: 5, taskType: 'general', afterSeq: 0 }, 10).map(({ seq }) => seq),
      ).toEqual([1, 3, 5]);
    });

    test('comes due in bounded batches, the earliest first', async () => {
      const { store } = setup();
      await store.commit([accept(...[3, 1, 2].map((seq) => makeTask(seq, { runAtMs: atMs + seq })))]);
      expect(store.takeDue(atMs + 9, 2)).toEqual([
        { priority: 5, taskType: 'general', count: 2, firstSeq: 1 },
      ]);
      expect(store.nextRunAtMs()).toBe(atMs + 3);
    });

    test('backs off until its time, and no start time is left once it is leased or ended', async () => {
      const { store } = setup();
      const { assigned, delayed } = leaseFacts(1, 1);
      await store.commit([accept(makeTask(1)), entry(assigned), entry(delayed, atMs + 500)]);
      expect(store.readyRows({ priority: 5, taskType: 'general', afterSeq: 0 }, 10)).toEqual([]);
      expect(store.nextRunAtMs()).toBe(atMs + 5_500);
      await store.commit([entry(leaseFacts(1, 2).assigned)]);
      expect(store.nextRunAtMs()).toBeNull();
      await store.commit([accept(makeTask(2, { runAtMs: atMs + 9 })), entry(cancelledWaiting(2))]);
      expect(store.nextRunAtMs()).toBeNull();
    });
  });

  describe(`${name}: the row of a worker`, () => {
    const figures = (store: Store, id = local) => {
      const row = store.workers().find(({ workerId }) => workerId === id);
      return [row?.status, row?.currentTask, row?.tasksCompleted, row?.tasksFailed];
    };

    test('is offline until it lives, then idle or busy with its oldest task', async () => {
      const { store } = setup();
      expect(figures(store)).toEqual(['offline', null, 0, 0]);
      await store.commit([entry(alive())]);
      expect(figures(store)).toEqual(['idle', null, 0, 0]);
      const [one, two] = [leaseFacts(1, 1), leaseFacts(2, 2)];
      await store.commit([accept(makeTask(1), makeTask(2)), entry(one.assigned), entry(two.assigned)]);
      expect(figures(store)).toEqual(['busy', taskIdOf(1), 0, 0]);
      await store.commit([entry(one.completed)]);
      expect(figures(store)).toEqual(['busy', taskIdOf(2), 1, 0]);
      await store.commit([entry(two.failed)]);
      expect(figures(store)).toEqual(['idle', null, 1, 1]);
      expect(figures(store, remote)).toEqual(['offline', null, 0, 0]);
    });

    test('counts neither retries nor cancels, and many endings of one commit', async () => {
      const { store } = setup();
      const facts = [1, 2, 3, 4, 5].flatMap((seq) => {
        const lease = leaseFacts(seq, seq);
        const end = [lease.completed, lease.completed, lease.failed, lease.retried, lease.cancelled][seq - 1];
        return end === undefined ? [] : [entry(lease.assigned), entry(end)];
      });
      await store.commit([entry(alive()), accept(...[1, 2, 3, 4, 5].map((seq) => makeTask(seq))), ...facts]);
      expect(figures(store)).toEqual(['idle', null, 2, 1]);
    });

    test('is offline while it is lost, and busy or idle when suspected', async () => {
      const { store } = setup();
      const lost = {
        type: 'worker.changed',
        workerId: local,
        from: 'suspect',
        to: 'lost',
        detail: 'gone',
      } as const;
      await store.commit([entry({ ...lost, from: 'alive', to: 'suspect' })]);
      expect(figures(store)).toEqual(['idle', null, 0, 0]);
      await store.commit([entry(lost)]);
      expect(figures(store)).toEqual(['offline', null, 0, 0]);
    });

    test('knows its last beat, which is no fact', async () => {
      const { store } = setup();
      const receipt = await store.commit([{ kind: 'beat', atMs: atMs + 250, workerId: local }]);
      expect(receipt.committed).toEqual([]);
      expect(store.workers()[0]).toMatchObject({ lastHeartbeat: '2026-01-01 12:00:00.250' });
    });

    test('keeps its history over a restart, and when it leaves the configuration', async () => {
      const { home, store } = setup();
      const { assigned, completed } = leaseFacts(1, 1);
      await store.commit([entry(alive()), accept(makeTask(1)), entry(assigned), entry(completed)]);
      store.close();
      const later = home.open();
      later.registerWorkers([registration(remote, { model: 'other' })], atMs + 9_000);
      expect(later.workers()).toMatchObject([
        { workerId: local, configured: 0, status: 'offline', tasksCompleted: 1 },
        { workerId: remote, configured: 1, status: 'offline', liveness: 'probing', model: 'other' },
      ]);
      expect(later.workers()[1]?.createdAt).toBe('2026-01-01 12:00:00.000');
    });
  });
}
