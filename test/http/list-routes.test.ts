import { expect, test } from 'vitest';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRest } from '../support/rest-client.ts';
import { succeeded } from '../support/running-server.ts';

interface Row {
  readonly task_id: string;
  readonly prompt: string;
}
const prompts = (rows: readonly Row[]) => rows.map(({ prompt }) => prompt);

test('waiting tasks are listed in the order in which they are handed out', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ workers: [{ maxConcurrentTasks: 1 }], backend: puppet.backend });
  await rest.post('/task/delegate', { prompt: 'running' });
  await puppet.job(1);
  for (const [prompt, priority] of [
    ['b', 5],
    ['c', 5],
    ['a', 9],
    ['d', 1],
  ]) {
    await rest.post('/task/delegate', { prompt, priority });
  }
  await rest.post('/task/delegate', { prompt: 'later', priority: 10, delay: 600 });
  const { body } = await rest.get('/tasks/pending');
  expect(prompts(body)).toEqual(['a', 'b', 'c', 'd', 'later']);
  expect(body[0]).toMatchObject({ summary: 'a', type: 'general', status: 'pending', priority: 9 });
  expect(prompts((await rest.get('/tasks/active?limit=2')).body)).toEqual(['running', 'a']);
});

test('completed tasks are listed with the last one first, and at most ten without a limit', async () => {
  const rest = await setupRest({ backend: async (job) => succeeded(job.prompt) });
  for (let n = 1; n <= 11; n += 1) await rest.post('/task/delegate', { prompt: `p${n}`, sync: true });
  const { body } = await rest.get('/tasks/completed');
  expect(prompts(body)).toEqual(Array.from({ length: 10 }, (_, index) => `p${11 - index}`));
  expect(body[0].result).toEqual({ success: true, output: 'p11', error: null });
});

test('pages by cursor cover every task once, and the last one says so', async () => {
  const rest = await setupRest({ backend: new PuppetBackend().backend });
  await rest.post('/tasks/delegate', { tasks: Array.from({ length: 7 }, (_, n) => ({ prompt: `p${n}` })) });
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body } = await rest.get(`/tasks?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
    expect(body.total).toBe(7);
    seen.push(...prompts(body.tasks));
    cursor = body.next_cursor;
  }
  expect(seen).toEqual(['p6', 'p5', 'p4', 'p3', 'p2', 'p1', 'p0']);
});

test('a list can be narrowed to a status and paged by offset', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ workers: [{ maxConcurrentTasks: 1 }], backend: puppet.backend });
  await rest.post('/tasks/delegate', { tasks: [{ prompt: 'a' }, { prompt: 'b' }, { prompt: 'c' }] });
  await puppet.job(1);
  const { body } = await rest.get('/tasks?status=pending&limit=1&offset=1');
  expect(body).toMatchObject({ total: 2, tasks: [{ prompt: 'b' }] });
});

test('a long prompt and a long answer are cut in lists, and whole in the task', async () => {
  const long = '長'.repeat(10_000);
  const rest = await setupRest({ backend: async () => succeeded(long) });
  const { body } = await rest.post('/task/delegate', { prompt: long, sync: true });
  const [row] = (await rest.get('/tasks/completed')).body;
  expect([row.prompt.length, row.summary.length, row.result.output.length]).toEqual([2_000, 100, 2_000]);
  const { body: whole } = await rest.get(`/task/${body.task_id}`);
  expect([whole.prompt, whole.result.output]).toEqual([long, long]);
});

test('workers are shown with what they do and have done', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend, workers: [{}, { standby: true }] });
  const { body: accepted } = await rest.post('/task/delegate', { prompt: 'p' });
  const held = await puppet.job(1);
  const busy = (await rest.get('/workers/status')).body.workers;
  expect(busy).toMatchObject([
    { worker_id: 'worker_1', status: 'busy', current_task: accepted.task_id, tasks_completed: 0 },
    { worker_id: 'worker_2', status: 'idle', current_task: null },
  ]);
  held.settle(succeeded(''));
  await rest.runtime.wait(accepted.task_id, 5_000);
  const idle = (await rest.get('/workers/status')).body.workers;
  expect(idle[0]).toMatchObject({ status: 'idle', current_task: null, tasks_completed: 1, tasks_failed: 0 });
  expect(idle[0].last_heartbeat).toMatch(/Z$/);
});

test.each([
  'limit=0',
  'limit=-1',
  'limit=x',
  'limit=1001',
  'offset=-1',
  'status=gone',
  'cursor=x',
  'limit=1e3',
])('GET /tasks?%s is refused with the name of the parameter', async (query) => {
  const rest = await setupRest();
  const { status, body } = await rest.get(`/tasks?${query}`);
  expect(status).toBe(400);
  expect(body.error).toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining(query.slice(0, query.indexOf('='))),
  });
});
