import { expect, test } from 'vitest';
import { failed } from '../../src/machines/outcome.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRest } from '../support/rest-client.ts';
import { succeeded } from '../support/running-server.ts';

const idShape = /^task_\d{8}_\d{6}_\d{6}_[0-9a-z]{13}$/;

test('an async delegation is answered 202 with the id and where to look', async () => {
  const rest = await setupRest();
  const { status, headers, body } = await rest.post('/task/delegate', { prompt: 'hello', priority: 8 });
  expect(status).toBe(202);
  expect(body).toMatchObject({ task_id: expect.stringMatching(idShape), status: 'pending' });
  expect(headers.get('location')).toBe(`/task/${body.task_id}`);
});

test('what is answered 202 is on disk: a second connection sees it at once', async () => {
  const rest = await setupRest({ backend: new PuppetBackend().backend });
  const { body } = await rest.post('/task/delegate', { prompt: 'hello' });
  const { body: list } = await rest.get('/tasks?limit=5');
  expect(list.tasks.map((task: { task_id: string }) => task.task_id)).toEqual([body.task_id]);
});

test('a sync delegation is answered 200 with output at the top and in result', async () => {
  const rest = await setupRest({ backend: async () => succeeded('東京') });
  const { status, body } = await rest.post('/task/delegate', { prompt: 'capital of Japan?', sync: true });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'completed',
    success: true,
    output: '東京',
    error: null,
    result: { success: true, output: '東京', error: null },
    worker_id: 'worker_1',
  });
});

test('a sync delegation that fails is answered 200 with the failure', async () => {
  const rest = await setupRest({ backend: async () => failed('model.unknown', 'no model x') });
  const { status, body } = await rest.post('/task/delegate', { prompt: 'p', sync: true });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'failed',
    success: false,
    error: 'no model x',
    result: { success: false },
  });
});

test('when the wait of a sync delegation ends first it is answered 202, and the task goes on', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const { status, body } = await rest.post('/task/delegate', { prompt: 'p', sync: true, wait: 0.02 });
  expect(status).toBe(202);
  (await puppet.job(1)).settle(succeeded('later'));
  await rest.runtime.wait(body.task_id, 5_000);
  expect((await rest.get(`/task/${body.task_id}`)).body.result.output).toBe('later');
});

test('a cancelled sync delegation is answered as cancelled', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const answer = rest.post('/task/delegate', { prompt: 'p', sync: true });
  const { job } = await puppet.job(1);
  await rest.delete(`/task/${job.taskId}`);
  expect((await answer).body).toMatchObject({ status: 'cancelled', success: false });
});

test('the older names content and task_type work, and code means code_generation', async () => {
  const rest = await setupRest();
  for (const body of [
    { content: 'p', type: 'code' },
    { prompt: 'p', task_type: 'code' },
  ]) {
    const { body: accepted } = await rest.post('/task/delegate', body);
    expect((await rest.get(`/task/${accepted.task_id}`)).body).toMatchObject({
      prompt: 'p',
      type: 'code_generation',
    });
  }
});

test('JSON is read whatever its content type says, as curl -d sends it', async () => {
  const rest = await setupRest();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  expect((await rest.post('/task/delegate', { prompt: 'p' }, headers)).status).toBe(202);
});

test('fields that are null count as not sent, as Python clients send them', async () => {
  const rest = await setupRest();
  const body = {
    prompt: 'p',
    files: null,
    output_file: null,
    options: null,
    priority: null,
    sync: null,
    type: null,
  };
  expect((await rest.post('/task/delegate', body)).status).toBe(202);
});

test('a fresh answer can be asked for, and is no option of the model', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const fresh = { prompt: 'p', options: { cache: false, temperature: 0 } };
  expect((await rest.post('/task/delegate', fresh)).status).toBe(202);
  const { job } = await puppet.job(1);
  expect(job.fresh).toBe(true);
  expect(job.sampling).toMatchObject({ temperature: 0 });
  expect(job.sampling).not.toHaveProperty('cache');
  const wrong = await rest.post('/task/delegate', { prompt: 'p', options: { cache: 'no' } });
  expect([wrong.status, wrong.body.error.message]).toEqual([400, expect.stringContaining('options.cache')]);
});

test('an unknown field is ignored, but not in silence', async () => {
  const rest = await setupRest();
  const { body } = await rest.post('/task/delegate', { prompt: 'p', prioritty: 9 });
  expect(body.warnings).toEqual([expect.stringContaining('did you mean "priority"')]);
});

test.each(['/task/ID', '/task/ID/status', '/task/status/ID'])('GET %s shows the task', async (path) => {
  const rest = await setupRest();
  const { body: accepted } = await rest.post('/task/delegate', { prompt: 'p', sync: true });
  const { status, body } = await rest.get(path.replace('ID', accepted.task_id));
  expect(status).toBe(200);
  expect(body).toMatchObject({
    task_id: accepted.task_id,
    status: 'completed',
    result: { success: true, output: 'done' },
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    updated_at: expect.any(String),
  });
});

test.each([
  'task_20250829_123456_789012',
  'nonsense',
  '..%2f..%2fetc',
  'task_20250829_123456_789012_x',
])('an unknown id (%s) is 404 TASK_NOT_FOUND on every path', async (id) => {
  const rest = await setupRest();
  const answers = await Promise.all([
    rest.get(`/task/${id}`),
    rest.get(`/task/status/${id}`),
    rest.get(`/task/${id}/events`),
    rest.delete(`/task/${id}`),
    rest.post(`/task/${id}/retry`, {}),
  ]);
  for (const { status, body } of answers) {
    expect([status, body.error.code]).toEqual([404, 'TASK_NOT_FOUND']);
  }
});

test('PATCH gives a task another priority, and nothing else', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const { body } = await rest.post('/task/delegate', { prompt: 'p' });
  const patch = async (change: object) => {
    const response = await rest.app.request(`/task/${body.task_id}`, {
      method: 'PATCH',
      body: JSON.stringify(change),
      headers: { 'content-type': 'application/json' },
    });
    return { status: response.status, body: await response.json() };
  };
  expect(await patch({ priority: 9 })).toMatchObject({ status: 200, body: { priority: 9 } });
  expect((await patch({ priority: 0 })).status).toBe(400);
  expect((await patch({ priority: 1, prompt: 'other' })).status).toBe(400);
  await rest.delete(`/task/${body.task_id}`);
  expect((await patch({ priority: 3 })).status).toBe(409);
});

test('DELETE cancels a task; once more is 409', async () => {
  const rest = await setupRest({ backend: new PuppetBackend().backend });
  const { body } = await rest.post('/task/delegate', { prompt: 'p' });
  const first = await rest.delete(`/task/${body.task_id}`);
  expect([first.status, first.body]).toEqual([200, { task_id: body.task_id, status: 'cancelled' }]);
  const second = await rest.delete(`/task/${body.task_id}`);
  expect([second.status, second.body.error.code]).toEqual([409, 'CONFLICT']);
});

test('an Idempotency-Key gives the same task again, and refuses another body', async () => {
  const rest = await setupRest();
  const key = { 'idempotency-key': 'a-1' };
  const first = await rest.post('/task/delegate', { prompt: 'p', priority: 3 }, key);
  const again = await rest.post('/task/delegate', { priority: 3, prompt: 'p' }, key);
  expect(again.body.task_id).toBe(first.body.task_id);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  const other = await rest.post('/task/delegate', { prompt: 'q' }, key);
  expect([other.status, other.body.error.code]).toEqual([409, 'CONFLICT']);
});

test('a thousand tasks are taken in one call, in their order; one bad one refuses all', async () => {
  const rest = await setupRest({ backend: new PuppetBackend().backend });
  const tasks = Array.from({ length: 1_000 }, (_, index) => ({ prompt: `p${index}` }));
  const { status, body } = await rest.post('/tasks/delegate', { tasks });
  expect([status, body.count]).toEqual([202, 1_000]);
  expect((await rest.get(`/task/${body.tasks[999].task_id}`)).body.prompt).toBe('p999');
  const bad = await rest.post('/tasks/delegate', {
    tasks: [{ prompt: 'ok' }, { prompt: 'p', priority: 11 }],
  });
  expect([bad.status, bad.body.error.message]).toEqual([400, expect.stringContaining('tasks.1.priority')]);
  const tooMany = await rest.post('/tasks/delegate', { tasks: [...tasks, { prompt: 'p' }] });
  expect(tooMany.status).toBe(400);
  expect((await rest.get('/tasks?limit=1')).body.total).toBe(1_000);
});

test('a key with run_at gives the same task, although time has passed', async () => {
  const rest = await setupRest({ backend: new PuppetBackend().backend });
  const key = { 'idempotency-key': 'later' };
  const body = { prompt: 'p', delay: 60 };
  const first = await rest.post('/task/delegate', body, key);
  const again = await rest.post('/task/delegate', body, key);
  expect(again.status).toBe(202);
  expect(again.body.task_id).toBe(first.body.task_id);
});
