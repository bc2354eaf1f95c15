import { expect, test } from 'vitest';
import { attemptsSchema } from '../../src/http/operating-schemas.ts';
import { failed, retry } from '../../src/machines/outcome.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRest } from '../support/rest-client.ts';
import { succeeded } from '../support/running-server.ts';

test('the attempts of a task say who had it, why, and what came of it', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const { body: task } = await rest.post('/task/delegate', { prompt: 'p' });
  (await puppet.job(1)).settle(retry('backend.cut', 'cut off'));
  const second = await puppet.job(2);
  const running = (await rest.get(`/task/${task.task_id}/attempts`)).body;
  expect(running.attempts).toMatchObject([
    { attempt: 1, worker_id: 'worker_1', status: 'retried', outcome: { code: 'backend.cut' } },
    { attempt: 2, worker_id: 'worker_1', status: 'active', ended_at: null, outcome: null },
  ]);
  expect(attemptsSchema.parse(running)).toEqual(running);
  second.settle(succeeded('done'));
  await rest.runtime.wait(task.task_id, 5_000);
  const { status, body } = await rest.get(`/task/${task.task_id}/attempts`);
  expect(status).toBe(200);
  const [, last] = body.attempts;
  expect(last).toMatchObject({ status: 'completed', ended_at: expect.stringMatching(/Z$/) });
  expect(Object.keys(last.reason)).not.toEqual([]);
  expect(attemptsSchema.parse(body)).toEqual(body);
});

test('a task that nobody has had yet has no attempts', async () => {
  const rest = await setupRest();
  await rest.runtime.pause();
  const { body: task } = await rest.post('/task/delegate', { prompt: 'p' });
  expect((await rest.get(`/task/${task.task_id}/attempts`)).body).toEqual({ attempts: [] });
});

test.each([
  '/task/ID',
  '/task/ID/status',
  '/task/status/ID',
])('GET %s?include=attempts adds them beside their number', async (path) => {
  const rest = await setupRest({ backend: async () => failed('input.refused', 'no') });
  const { body: task } = await rest.post('/task/delegate', { prompt: 'p', sync: true });
  const plain = (await rest.get(path.replace('ID', task.task_id))).body;
  expect(plain).not.toHaveProperty('attempt_list');
  const { attempt_list, ...others } = (await rest.get(`${path.replace('ID', task.task_id)}?include=attempts`))
    .body;
  expect(others).toEqual(plain);
  expect([others.attempts, attempt_list.length]).toEqual([1, 1]);
  expect(attempt_list[0]).toMatchObject({
    status: 'failed',
    outcome: { code: 'input.refused', message: 'no' },
  });
});

test('what cannot be included is refused', async () => {
  const rest = await setupRest();
  const { body: task } = await rest.post('/task/delegate', { prompt: 'p' });
  const { status, body } = await rest.get(`/task/${task.task_id}?include=everything`);
  expect([status, body.error.message]).toEqual([400, expect.stringMatching(/^include: /)]);
});

test.each([
  'task_20250829_123456_789012',
  'nonsense',
  '..%2f..%2fetc',
])('the attempts of an unknown task (%s) are 404', async (id) => {
  const rest = await setupRest();
  const { status, body } = await rest.get(`/task/${id}/attempts`);
  expect([status, body.error.code]).toEqual([404, 'TASK_NOT_FOUND']);
});
