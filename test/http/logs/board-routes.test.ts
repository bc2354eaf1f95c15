import { expect, test } from 'vitest';
import { workerId } from '../../../src/machines/identifiers.ts';
import { failed, noUsage } from '../../../src/machines/outcome.ts';
import { PuppetBackend } from '../../support/puppet-backend.ts';
import { spec, succeeded } from '../../support/running-server.ts';
import { setupLogApi } from './setup-log-api.ts';

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

test('workers are shown with what they do, local ones first', async () => {
  const puppet = new PuppetBackend();
  const client = await setupLogApi({
    backend: puppet.backend,
    workers: [
      { workerId: workerId('a_remote'), location: 'remote', standby: true },
      { workerId: workerId('b_local') },
    ],
  });
  const prompt = '長'.repeat(150);
  await client.runtime.delegate([spec({ prompt })]);
  const { settle } = await puppet.job(1);
  const { body } = await client.get('/api/workers/status');
  const [busy, idle] = body.workers;
  expect(body.status).toBe('success');
  expect(busy).toMatchObject({
    worker_id: 'b_local',
    location: 'local',
    status: 'busy',
    performance_factor: expect.any(Number),
    tasks_completed: 0,
    tasks_failed: 0,
    endpoint_url: expect.stringContaining('http'),
    current_task: expect.stringMatching(/^task_/),
    current_task_content: '長'.repeat(100),
  });
  expect(idle).toMatchObject({ worker_id: 'a_remote', location: 'remote', current_task_content: null });
  settle(succeeded('done'));
});

test('the queue shows twenty tasks, the higher priority first, then the older', async () => {
  const puppet = new PuppetBackend();
  const client = await setupLogApi({ backend: puppet.backend, workers: [{ maxConcurrentTasks: 1 }] });
  await client.runtime.delegate([spec({ prompt: 'running', priority: 5 })]);
  const { settle } = await puppet.job(1);
  await client.runtime.delegate([
    spec({ prompt: 'b', priority: 5, taskType: 'translation' }),
    spec({ prompt: 'a', priority: 9 }),
    spec({ prompt: 'later', priority: 10, runAtMs: Date.now() + 3_600_000 }),
    ...Array.from({ length: 30 }, (_, n) => spec({ prompt: `${n} ${'x'.repeat(60)}`, priority: 5 })),
  ]);
  const { body } = await client.get('/api/tasks/queue');
  expect(body.tasks).toHaveLength(20);
  const previews = body.tasks.map((task: { prompt_preview: string }) => task.prompt_preview);
  expect(previews.slice(0, 5)).toEqual(['later', 'a', 'running', 'b', `0 ${'x'.repeat(48)}...`]);
  expect(body.tasks[2]).toEqual({
    task_id: expect.stringMatching(/^task_/),
    priority: 5,
    status: 'in_progress',
    assigned_to: 'worker_1',
    created_at: isoTime,
    type: 'general',
    prompt_preview: 'running',
  });
  expect(body.tasks[3]).toMatchObject({ status: 'pending', assigned_to: null, type: 'translation' });
  expect(body.stats).toEqual({ pending: 33, in_progress: 1, completed_last_hour: 0 });
  settle(succeeded('done'));
});

test('figures of the runs come from what was recorded', async () => {
  const usage = { ...noUsage, promptTokens: 10, outputTokens: 5 };
  const client = await setupLogApi({
    backend: async ({ prompt }) =>
      prompt === 'bad' ? failed('model.unknown', 'no') : { kind: 'succeeded', output: 'x', usage },
  });
  for (const prompt of ['a', 'b', 'c', 'bad']) await client.done({ prompt });
  const { body } = await client.get('/api/metrics/summary?hours=1');
  expect(body).toMatchObject({
    status: 'success',
    window: { since: isoTime, until: isoTime, hours: 1, truncated: false },
    tasks: { completed: 3, failed: 1, cancelled: 0 },
    success_rate: 0.75,
    durations: { runs: 3, mean_ms: expect.any(Number) },
    tokens: { prompt: 30, output: 15, runs_counted: 3 },
    workers: [{ worker_id: 'worker_1', completed: 3, failed: 1 }],
  });
  expect(body.workers[0].availability).toBeGreaterThan(0);
  const { body: last } = await client.get('/api/metrics/durations?limit=2');
  expect(last).toMatchObject({
    status: 'success',
    durations: [
      { worker_id: 'worker_1', type: 'general', ended_at: isoTime, tokens: { prompt: 10, output: 5 } },
      { duration_ms: expect.any(Number) },
    ],
  });
  expect((await client.get('/api/metrics/durations?limit=500')).body.durations).toHaveLength(3);
});
