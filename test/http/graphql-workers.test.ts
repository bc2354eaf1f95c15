import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { setupGraphql } from './graphql-client.ts';

const all =
  '{ workers(activeOnly: false) { id status admission breaker loaded tasksCompleted lastHeartbeat } }';

test('workers are shown by status, and by what they have done', async () => {
  const { ask } = await setupGraphql({ workers: [{}, {}] });
  const { data } = await ask(all);
  expect(data.workers).toMatchObject([
    { id: 'worker_1', status: 'IDLE', admission: 'active', breaker: 'closed', loaded: [], tasksCompleted: 0 },
    { id: 'worker_2' },
  ]);
  const filtered = await ask(
    '{ workers(filter: { minTasksCompleted: 1 }) { id } worker(id: "worker_2") { id } none: worker(id: "x") { id } }',
  );
  expect(filtered.data).toEqual({ workers: [], worker: { id: 'worker_2' }, none: null });
});

test('a terminated worker is drained, and spawning brings it back', async () => {
  const { ask, runtime } = await setupGraphql({ workers: [{}, {}] });
  const ended = await ask(
    'mutation { terminateWorker(id: "worker_2") { success workerId worker { admission } } }',
  );
  expect(ended.data.terminateWorker).toMatchObject({ success: true, workerId: 'worker_2' });
  await until(() => expect(runtime.worker('worker_2').admission).toBe('drained'));
  const back = await ask('mutation { spawnWorker { success workerId message } }');
  expect(back.data.spawnWorker).toMatchObject({ success: true, workerId: 'worker_2' });
  await until(() => expect(runtime.worker('worker_2').admission).toBe('active'));
});

test('where no worker is in reserve, none is said to have been spawned', async () => {
  const { ask } = await setupGraphql();
  const { data } = await ask('mutation { spawnWorker(count: 2) { success workerId message code } }');
  expect(data.spawnWorker).toMatchObject({ success: false, workerId: null, code: 'WORKER_UNAVAILABLE' });
  expect(data.spawnWorker.message).toContain('nothing was done');
});

test('scaling drains down to the number asked for, and up again', async () => {
  const { ask, runtime } = await setupGraphql({ workers: [{}, {}, {}] });
  const active = () => runtime.workers().filter(({ admission }) => admission === 'active').length;
  const scale = async (count: number) =>
    (await ask(`mutation { scaleWorkers(targetCount: ${count}) { success message code } }`)).data
      .scaleWorkers;
  expect(await scale(1)).toMatchObject({ success: true });
  await until(() => expect(active()).toBe(1));
  expect(await scale(3)).toMatchObject({ success: true });
  await until(() => expect(active()).toBe(3));
  expect(await scale(5)).toMatchObject({ success: false, code: 'WORKER_UNAVAILABLE' });
  expect(await scale(-1)).toMatchObject({ success: false, code: 'INVALID_REQUEST' });
});

test('terminating a worker that is not known says so', async () => {
  const { ask } = await setupGraphql();
  const { data } = await ask('mutation { terminateWorker(id: "x") { success worker { id } message } }');
  expect(data.terminateWorker).toMatchObject({ success: false, worker: null });
});
