import { expect, test } from 'vitest';
import { setupRest } from '../support/rest-client.ts';

test('GET /health answers as the original did', async () => {
  const rest = await setupRest();
  const { status, body } = await rest.get('/health');
  expect(status).toBe(200);
  expect(body).toEqual({ status: 'healthy', server: 'koubou-mcp', timestamp: expect.stringMatching(/Z$/) });
});

test('GET /readyz says that it is ready, and what is to be known of it', async () => {
  const rest = await setupRest();
  const { status, body } = await rest.get('/readyz');
  expect(status).toBe(200);
  expect(body).toMatchObject({ ready: true, pool: 'running', workers: { total: 1 } });
});

test('a paused pool still accepts, and says that tasks wait', async () => {
  const rest = await setupRest();
  await rest.runtime.pause();
  const { status, body } = await rest.get('/readyz');
  expect([status, body.pool]).toEqual([200, 'paused']);
  expect(body.reasons).toContain('the pool is paused: tasks are accepted and wait');
});

test('a drained server is not ready, refuses with 503 and when to come back, and can still be asked', async () => {
  const rest = await setupRest();
  const { body: done } = await rest.post('/task/delegate', { prompt: 'p', sync: true });
  await rest.runtime.drain();
  const { status, body } = await rest.get('/readyz');
  expect([status, body.pool]).toEqual([503, 'stopped']);
  const refused = await rest.post('/task/delegate', { prompt: 'p' });
  expect([refused.status, refused.body.error.code]).toEqual([503, 'WORKER_UNAVAILABLE']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await rest.get(`/task/${done.task_id}`)).body.status).toBe('completed');
});
