import { expect, test } from 'vitest';
import { poolSchema, workerSchema, workersSchema } from '../../src/http/operating-schemas.ts';
import { retry } from '../../src/machines/outcome.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRest } from '../support/rest-client.ts';
import { succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';

test('GET /pool shows what waits, what runs and where', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ workers: [{ maxConcurrentTasks: 1 }], backend: puppet.backend });
  await rest.post('/task/delegate', { prompt: 'running' });
  await puppet.job(1);
  for (const priority of [3, 9, 9]) await rest.post('/task/delegate', { prompt: 'waiting', priority });
  await rest.post('/task/delegate', { prompt: 'later', priority: 10, delay: 600 });
  const { status, body } = await rest.get('/pool');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    state: 'running',
    config_version: 1,
    leases: { used: 1 },
    waiting: [
      { priority: 9, type: 'general', count: 2 },
      { priority: 3, type: 'general', count: 1 },
    ],
    endpoints: [{ breaker: 'closed', leases: 1 }],
  });
  expect(poolSchema.parse(body)).toEqual(body);
});

test('a paused pool accepts and hands out nothing; resumed, it hands out', async () => {
  const rest = await setupRest();
  const paused = await rest.post('/pool/pause', '');
  expect([paused.status, paused.body]).toEqual([200, { state: 'paused' }]);
  const { body: task } = await rest.post('/task/delegate', { prompt: 'p', sync: true, wait: 0.02 });
  expect((await rest.get(`/task/${task.task_id}`)).body.state).toBe('queued');
  const resumed = await rest.post('/pool/resume', '');
  expect([resumed.status, resumed.body]).toEqual([200, { state: 'running' }]);
  expect((await rest.runtime.wait(task.task_id, 5_000)).status).toBe('completed');
});

test('to pause or to resume twice is to do it once', async () => {
  const rest = await setupRest();
  for (const [verb, state] of [
    ['pause', 'paused'],
    ['pause', 'paused'],
    ['resume', 'running'],
    ['resume', 'running'],
  ]) {
    expect((await rest.post(`/pool/${verb}`, '')).body).toEqual({ state });
  }
});

test('a pool that has stopped cannot be paused, and can still be looked at', async () => {
  const rest = await setupRest();
  await rest.runtime.drain();
  const { status, body } = await rest.post('/pool/pause', '');
  expect([status, body.error.code]).toEqual([503, 'WORKER_UNAVAILABLE']);
  expect((await rest.get('/pool')).body.state).toBe('stopped');
});

test('workers are listed under both names, and each has a page of its own', async () => {
  const rest = await setupRest({ workers: [{}, {}] });
  const { body } = await rest.get('/workers');
  expect((await rest.get('/workers/status')).body).toEqual(body);
  expect(workersSchema.parse(body)).toEqual(body);
  const { status, body: worker } = await rest.get('/workers/worker_2');
  expect(status).toBe(200);
  expect(worker).toMatchObject({ worker_id: 'worker_2', admission: 'active', breaker: 'closed' });
});

test('a worker that is configured as a reserve is shown on standby', async () => {
  const rest = await setupRest({ workers: [{}, { standby: true }] });
  expect((await rest.get('/workers/worker_2')).body.admission).toBe('standby');
});

test.each([
  'nobody',
  'worker_1%00',
  '..%2f..%2fetc',
  '%ff',
  'constructor',
  '工房',
])('a worker that there is not (%s) is 404 whatever is asked of it', async (id) => {
  const rest = await setupRest();
  const answers = await Promise.all([
    rest.get(`/workers/${id}`),
    ...['drain', 'rest', 'resume', 'breaker/close'].map((order) => rest.post(`/workers/${id}/${order}`, '')),
  ]);
  for (const { status, body } of answers) expect([status, body.error.code]).toEqual([404, 'INVALID_REQUEST']);
});

test('a drained worker ends what it has, gets nothing more, and works again when it is resumed', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const { body: first } = await rest.post('/task/delegate', { prompt: 'first' });
  const held = await puppet.job(1);
  const draining = await rest.post('/workers/worker_1/drain', '');
  expect(draining.status).toBe(200);
  expect(draining.body).toMatchObject({
    worker_id: 'worker_1',
    admission: 'draining',
    current_tasks: [first.task_id],
  });
  expect(workerSchema.parse(draining.body)).toEqual(draining.body);
  const { body: second } = await rest.post('/task/delegate', { prompt: 'second' });
  held.settle(succeeded('ended all the same'));
  expect((await rest.runtime.wait(first.task_id, 5_000)).status).toBe('completed');
  await until(() => expect(rest.runtime.worker('worker_1').admission).toBe('drained'));
  expect((await rest.get(`/task/${second.task_id}`)).body.state).toBe('queued');
  expect((await rest.post('/workers/worker_1/resume', '')).body.admission).toBe('active');
  (await puppet.job(2)).settle(succeeded(''));
  expect((await rest.runtime.wait(second.task_id, 5_000)).status).toBe('completed');
});

test('a worker that rests is on standby', async () => {
  const rest = await setupRest({ workers: [{}, {}] });
  const { status, body } = await rest.post('/workers/worker_2/rest', '');
  expect([status, body.admission]).toEqual([200, 'standby']);
});

test('a breaker that an operator closes lets work through at once', async () => {
  let isBroken = true;
  const rest = await setupRest({
    backend: async () => (isBroken ? retry('backend.unreachable', 'refused') : succeeded('back')),
    change: (config) => ({ ...config, breaker: { failuresMax: 2, openMs: 600_000, openMsMax: 600_000 } }),
  });
  const { body: task } = await rest.post('/task/delegate', { prompt: 'p', options: { retry_count: 20 } });
  await until(() => expect(rest.runtime.worker('worker_1').breaker).toBe('open'));
  expect((await rest.get('/workers/worker_1')).body.breaker_detail).toContain('refused');
  isBroken = false;
  const { status, body } = await rest.post('/workers/worker_1/breaker/close', '');
  expect([status, body.breaker, body.breaker_detail]).toEqual([200, 'closed', '']);
  expect((await rest.runtime.wait(task.task_id, 5_000)).result?.output).toBe('back');
});

test.each([
  ['GET', '/pool/pause'],
  ['GET', '/pool/reload'],
  ['DELETE', '/workers/worker_1'],
  ['POST', '/workers/worker_1/fire'],
  ['POST', '/workers/worker_1/breaker/open'],
])('there is nothing at %s %s', async (method, path) => {
  const rest = await setupRest();
  expect((await rest.app.request(path, { method })).status).toBe(404);
});
