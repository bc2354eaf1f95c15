import { describe, expect, test } from 'vitest';
import type { RecordedFact } from '../../src/machines/facts.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { taskIdOf } from '../support/pool-samples.ts';
import {
  accept,
  alive,
  atMs,
  entry,
  leaseFacts,
  local,
  makeTask,
  registration,
} from '../support/store-samples.ts';
import { openStoreAt, type StoreHome } from './store-contract.ts';

/** What every store must know of workers that come, change and go, of pauses, and of the runs that were. */
export function storeStaffContract(name: string, makeHome: () => StoreHome): void {
  const setup = () => openStoreAt(makeHome());
  const readmitted = (to: 'drained' | 'active'): RecordedFact => ({
    type: 'worker.readmitted',
    workerId: local,
    from: 'active',
    to,
    detail: '',
  });

  describe(`${name}: workers over a restart`, () => {
    test('stay drained when an operator drained them, and their row says so', async () => {
      const { home, store } = setup();
      await store.commit([entry(readmitted('drained'))]);
      expect(store.workers()[0]).toMatchObject({ workerId: local, admission: 'drained' });
      store.close();
      const later = home.open();
      expect(later.recovery().admissions.get(local)).toBe('drained');
      later.registerWorkers([registration(local)], atMs);
      expect(later.workers()[0]).toMatchObject({ admission: 'drained' });
    });

    test('the factor that was measured is in the row until the next start', async () => {
      const { store } = setup();
      await store.commit([entry({ type: 'worker.rated', workerId: local, from: 1, to: 0.4 })]);
      expect(store.workers()[0]).toMatchObject({ performanceFactor: 0.4 });
    });
  });

  describe(`${name}: a worker that comes while it works`, () => {
    const gpu2 = workerId('gpu2');

    test('has a row before its first lease, and one that leaves keeps its history', async () => {
      const { store } = setup();
      store.registerWorker(registration(gpu2, { location: 'remote' }), true, atMs);
      const { assigned, completed } = leaseFacts(1, 1, gpu2);
      await store.commit([entry(alive(gpu2)), accept(makeTask(1)), entry(assigned), entry(completed)]);
      await store.commit([entry({ type: 'worker.retired', workerId: gpu2, detail: 'it said goodbye' })]);
      expect(store.workers().find((row) => row.workerId === gpu2)).toMatchObject({
        configured: 0,
        status: 'offline',
        tasksCompleted: 1,
      });
    });

    test('that is described anew goes on working', async () => {
      const { store } = setup();
      await store.commit([entry(alive())]);
      store.registerWorker(registration(local, { maxConcurrentTasks: 9 }), false, atMs);
      expect(store.workers()[0]).toMatchObject({ maxConcurrentTasks: 9, liveness: 'alive', status: 'idle' });
    });
  });

  describe(`${name}: a pause`, () => {
    test('is known after a restart until somebody resumes', async () => {
      const { home, store } = setup();
      await store.commit([entry({ type: 'pool.paused' })]);
      store.close();
      const paused = home.open();
      expect(paused.recovery().isPaused).toBe(true);
      await paused.commit([entry({ type: 'pool.resumed' }), entry({ type: 'pool.stopped' })]);
      paused.close();
      expect(home.open().recovery().isPaused).toBe(false);
    });
  });

  describe(`${name}: runs`, () => {
    test('that ended well are told with their model, length and duration, the oldest first', async () => {
      const { store } = setup();
      const size = { chars: 1_200, tokens: 300 };
      const metadata = { files: [], output_file: null, options: {}, created_by: 'test', size };
      const [one, two, three] = [leaseFacts(1, 1), leaseFacts(2, 2), leaseFacts(3, 3)];
      await store.commit([
        accept(makeTask(1, { metadata }), makeTask(2), makeTask(3, { taskType: 'translation' })),
        entry(one.assigned),
        entry(one.completed),
        entry(two.assigned),
        entry(two.failed),
        entry(three.assigned),
        entry(three.completed),
      ]);
      const run = { workerId: local, model: 'gpt-oss:20b', durationMs: 1_234 };
      expect(store.lastRuns(10)).toEqual([
        { ...run, taskType: 'general', promptChars: 1_200 },
        { ...run, taskType: 'translation', promptChars: 0 },
      ]);
      expect(store.lastRuns(1)).toMatchObject([{ taskType: 'translation' }]);
    });

    test('of a task are all there, each with its reason and what came of it', async () => {
      const { store } = setup();
      const [first, second] = [leaseFacts(1, 1), leaseFacts(1, 2)];
      await store.commit([
        accept(makeTask(1)),
        entry(first.assigned),
        entry({ ...first.retried, fallbacks: 2 }),
        entry({ ...second.assigned, lease: 2 }),
      ]);
      expect(store.assignmentsOf(taskIdOf(1))).toMatchObject([
        { assignmentId: 1, lease: 1, assignmentStatus: 'retried', model: 'gpt-oss:20b', durationMs: null },
        { assignmentId: 2, lease: 2, assignmentStatus: 'active' },
      ]);
      expect(store.task(taskIdOf(1))).toMatchObject({ fallbacks: 2, failures: 1 });
    });

    test('a task that tries another again says which one, where a search finds it', async () => {
      const { store } = setup();
      const metadata = {
        files: [],
        output_file: null,
        options: {},
        created_by: 'test',
        retry_of: taskIdOf(1),
      };
      await store.commit([accept(makeTask(1), makeTask(2, { metadata }))]);
      expect(store.task(taskIdOf(2))).toMatchObject({ retryOf: taskIdOf(1) });
      expect(store.task(taskIdOf(1))).toMatchObject({ retryOf: null });
    });
  });
}
