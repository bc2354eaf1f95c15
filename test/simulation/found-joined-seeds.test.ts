import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Store } from '../../src/db/store.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { FailingStore } from '../support/failing-store.ts';
import { gpu2, startWorker } from '../support/joined-world.ts';
import { LinkNetwork } from '../support/link-network.ts';
import { type SetUp, setupRuntime, spec, temporaryFolder } from '../support/running-server.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** A whole runtime that workers join over a network in memory. */
async function setupJoinedRuntime(setUp: SetUp = {}) {
  const clock = new VirtualClock();
  const network = new LinkNetwork(clock);
  const opening = setupRuntime({ clock, ...setUp });
  await clock.settle();
  const { runtime } = await opening;
  network.accept = (socket) => runtime.links.accept(socket);
  const livenessOf = () => runtime.worker(gpu2).liveness;
  return { clock, network, livenessOf, runtime };
}

test('seed 1: a worker that joins while the disk is full is told so, and comes again', async () => {
  const home = temporaryFolder();
  const { store: real } = new FailingStore(home);
  let isFull = true;
  const store: Store = new Proxy(real, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name !== 'registerWorker' || !isFull) return value;
      return () => {
        throw new Database.SqliteError('the disk fails', 'SQLITE_FULL');
      };
    },
  });
  const logged: string[] = [];
  const { clock, network, livenessOf } = await setupJoinedRuntime({ home, store, logged });
  const worker = startWorker(network);
  await clock.advance(100);
  expect(worker.news).toEqual([{ kind: 'waiting', detail: 'the disk is full; free some space' }]);
  expect(logged).toEqual(['a worker was refused']);
  isFull = false;
  await clock.advance(2_000);
  expect(livenessOf()).toBe('alive');
});

test('seed 180: a worker that came back for a moment was heard, and is not lost when its link is cut again', async () => {
  const { clock, network, livenessOf } = await setupJoinedRuntime();
  const first = startWorker(network);
  await clock.advance(1_000);
  first.client.kill();
  await clock.advance(85_000);
  const second = startWorker(network, { instance: 'instance-2' });
  await clock.advance(1_000);
  second.client.kill();
  await clock.advance(6_000);
  expect(livenessOf()).toBe('suspect');
  await clock.advance(80_000);
  expect(livenessOf()).toBe('suspect');
  await clock.advance(20_000);
  expect(livenessOf()).toBe('lost');
});

test('seed 213: a lost worker that comes back is alive at once, and not at the next beat', async () => {
  const { clock, network, livenessOf } = await setupJoinedRuntime();
  const first = startWorker(network);
  await clock.advance(1_000);
  first.client.kill();
  await clock.advance(120_000);
  expect(livenessOf()).toBe('lost');
  startWorker(network, { instance: 'instance-2' });
  await clock.advance(100);
  expect(livenessOf()).toBe('alive');
});

test('seed 393: a result under the lease of another worker is on record as late, also when that lease has ended', async () => {
  const { clock, network, runtime } = await setupJoinedRuntime();
  const delegated = runtime.delegate([spec()]);
  await clock.advance(1_000);
  const { taskIds } = await delegated;
  startWorker(network);
  await clock.advance(1_000);
  const taskId = taskIds[0] as TaskId;
  expect(runtime.task(taskId)).toMatchObject({
    status: 'completed',
    worker_id: 'worker_1',
    assignment_id: 1,
  });
  const late: unknown[] = [];
  runtime.stream.subscribe(({ fact }) => late.push(fact));
  network.workerEnds[0]?.send(
    JSON.stringify({
      type: 'settled',
      task_id: taskId,
      assignment_id: 1,
      outcome: { kind: 'failed', failure: { code: 'model.unknown', message: 'forged' } },
    }),
  );
  await clock.advance(100);
  expect(late).toMatchObject([{ type: 'worker.reported_late', workerId: gpu2, assignmentId: 1 }]);
  expect(runtime.task(taskId).status).toBe('completed');
});
