import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CommittedFact } from '../../src/machines/facts.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { failed, retry } from '../../src/machines/outcome.ts';
import type { TaskSpec } from '../../src/runtime/delegation.ts';
import type { Runtime } from '../../src/runtime.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRuntime, spec, succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';

async function delegateOne(runtime: Runtime, changes: Partial<TaskSpec> = {}): Promise<TaskId> {
  const { taskIds } = await runtime.delegate([spec(changes)]);
  return taskIds[0] as TaskId;
}

function typesOf(facts: readonly CommittedFact[], id: TaskId): readonly string[] {
  return facts.filter(({ fact }) => 'taskId' in fact && fact.taskId === id).map(({ fact }) => fact.type);
}

function recorded(runtime: Runtime): CommittedFact[] {
  const facts: CommittedFact[] = [];
  runtime.stream.subscribe((committed) => facts.push(committed));
  return facts;
}

test('a delegated task is done, and its answer stands in its row', async () => {
  const { runtime } = await setupRuntime({ backend: async (job) => succeeded(`answer to ${job.prompt}`) });
  const id = await delegateOne(runtime, { prompt: '工房 🛠️' });
  const task = await runtime.wait(id, 5_000);
  expect(task).toMatchObject({ status: 'completed', prompt: '工房 🛠️', worker_id: 'worker_1', attempts: 1 });
  expect(task.result).toMatchObject({ success: true, output: 'answer to 工房 🛠️', error: null });
});

test('the facts of a task come in their order, each once, with a gap-free seq', async () => {
  const { runtime } = await setupRuntime();
  const facts = recorded(runtime);
  const id = await delegateOne(runtime);
  await runtime.wait(id, 5_000);
  expect(typesOf(facts, id)).toEqual(['task.accepted', 'task.assigned', 'task.completed']);
  const seqs = facts.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] as number) + index));
});

test('of what waits, the highest priority is begun first, and among equals the oldest', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ workers: [{ maxConcurrentTasks: 1 }], backend: puppet.backend });
  await delegateOne(runtime, { prompt: 'first', priority: 1 });
  const first = await puppet.job(1);
  for (const [prompt, priority] of [
    ['low', 2],
    ['old urgent', 9],
    ['new urgent', 9],
    ['top', 10],
  ] as const) {
    await delegateOne(runtime, { prompt, priority });
  }
  first.settle(succeeded('done'));
  for (const n of [2, 3, 4, 5]) (await puppet.job(n)).settle(succeeded('done'));
  expect(puppet.prompts).toEqual(['first', 'top', 'old urgent', 'new urgent', 'low']);
});

test('a transient failure is tried again after a backoff, and the task completes', async () => {
  let attempts = 0;
  const { runtime } = await setupRuntime({
    backend: async () => {
      attempts += 1;
      return attempts < 3 ? retry('backend.busy', 'busy') : succeeded('at last');
    },
  });
  const facts = recorded(runtime);
  const id = await delegateOne(runtime);
  const task = await runtime.wait(id, 5_000);
  expect(task).toMatchObject({ status: 'completed', attempts: 3, failures: 2 });
  expect(typesOf(facts, id)).toEqual([
    'task.accepted',
    'task.assigned',
    'task.retried',
    'task.assigned',
    'task.retried',
    'task.assigned',
    'task.completed',
  ]);
});

test('after retry_count further tries a transient failure is final, and its reason is on record', async () => {
  const { runtime } = await setupRuntime({
    backend: async () => retry('backend.unreachable', 'nobody there'),
  });
  const id = await delegateOne(runtime, { options: { retry_count: 1 } });
  const task = await runtime.wait(id, 5_000);
  expect(task).toMatchObject({ status: 'failed', attempts: 2 });
  expect(task.result).toMatchObject({
    success: false,
    error: 'nobody there',
    error_code: 'backend.unreachable',
  });
});

test('a final failure is not tried again', async () => {
  const { runtime } = await setupRuntime({ backend: async () => failed('model.unknown', 'no such model') });
  const task = await runtime.wait(await delegateOne(runtime), 5_000);
  expect(task).toMatchObject({ status: 'failed', attempts: 1 });
});

test('a backend that throws is a crash of the attempt, not of the server', async () => {
  const logged: string[] = [];
  const { runtime } = await setupRuntime({
    logged,
    backend: () => Promise.reject(new Error('a bug')),
    change: (config) => ({
      ...config,
      models: { ...config.models, server: { ...config.models.server, retryCount: 0 } },
    }),
  });
  const task = await runtime.wait(await delegateOne(runtime), 5_000);
  expect(task.result?.error_code).toBe('execution.crashed');
  expect(logged).toContain('a backend crashed');
});

test('the model, the sampling and the deadline of a job come from the task, the worker and the model file', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend });
  await delegateOne(runtime, {
    options: { timeout: 7, model: 'qwen2.5-coder:7b', temperature: 0.9, retry_count: 0 },
  });
  const { job } = await puppet.job(1);
  expect(job).toMatchObject({ model: 'qwen2.5-coder:7b', deadlineMs: 7_000 });
  expect(job.sampling).toMatchObject({ temperature: 0.9, num_ctx: 8_192 });
  expect(job.sampling).not.toHaveProperty('timeout');
});

test('an attempt that is silent until its deadline is tried again; one that still talks has failed', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend });
  const id = await delegateOne(runtime, { options: { timeout: 0.02 } });
  await puppet.job(1);
  const second = await puppet.job(2);
  second.io.onText('once upon a time');
  const task = await runtime.wait(id, 5_000);
  expect(task).toMatchObject({ status: 'failed', attempts: 2 });
  expect(task.result?.error_code).toBe('execution.timeout');
  expect(second.io.signal.aborted).toBe(true);
});

test('a delayed task waits for its time and is begun then', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend });
  const id = await delegateOne(runtime, { runAtMs: Date.now() + 60, prompt: 'later' });
  expect(runtime.task(id)).toMatchObject({ status: 'pending', state: 'scheduled' });
  await delegateOne(runtime, { prompt: 'now' });
  (await puppet.job(1)).settle(succeeded(''));
  await puppet.job(2);
  expect(puppet.prompts).toEqual(['now', 'later']);
});

test('the same key and request give the same task, at once and later; another request is refused', async () => {
  const { runtime } = await setupRuntime();
  const key = { key: 'k', fingerprint: 'f' };
  const [first, second] = await Promise.all([
    runtime.delegate([spec()], key),
    runtime.delegate([spec()], key),
  ]);
  expect(second.taskIds).toEqual(first.taskIds);
  expect([first.replayed, second.replayed]).toEqual([false, true]);
  expect(await runtime.delegate([spec()], key)).toEqual({ taskIds: first.taskIds, replayed: true });
  const other = runtime.delegate([spec()], { ...key, fingerprint: 'g' });
  await expect(other).rejects.toMatchObject({ code: 'idempotency.conflict' });
});

test('an answer is also written to the output file that was asked for', async () => {
  const { runtime, home } = await setupRuntime({ backend: async () => succeeded('the answer') });
  await runtime.wait(await delegateOne(runtime, { outputFile: 'poems/haiku.txt' }), 5_000);
  await until(() => expect(readFileSync(join(home, 'outputs/poems/haiku.txt'), 'utf8')).toBe('the answer'));
});

test('more tasks than the window holds wait as rows, and all of them are done', async () => {
  const { runtime } = await setupRuntime({
    workers: [{ maxConcurrentTasks: 50 }],
    change: (config) => ({ ...config, pool: { ...config.pool, admissionWindow: 20 } }),
  });
  let done = 0;
  runtime.stream.subscribe(({ fact }) => {
    if (fact.type === 'task.completed') done += 1;
  });
  await Promise.all(
    [5, 5, 9].map((priority) => runtime.delegate(Array.from({ length: 200 }, () => spec({ priority })))),
  );
  await until(() => expect(done).toBe(600));
  expect(runtime.readiness().waiting).toEqual({ live: 0, dormant: 0 });
});

test('what runs takes no room of the window: a small one keeps no slot empty', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({
    backend: puppet.backend,
    workers: [{ maxConcurrentTasks: 5 }],
    change: (config) => ({ ...config, pool: { ...config.pool, admissionWindow: 10 } }),
  });
  await runtime.delegate(Array.from({ length: 8 }, () => spec()));
  await puppet.job(5);
  expect(runtime.readiness().waiting).toEqual({ live: 1, dormant: 2 });
});

test('tasks that wait for one worker keep nobody from another, however many they are', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({
    backend: puppet.backend,
    workers: [
      { maxConcurrentTasks: 1, capabilities: ['general'] },
      { maxConcurrentTasks: 1, capabilities: ['translation'] },
    ],
    change: (config) => ({ ...config, pool: { ...config.pool, admissionWindow: 20 } }),
  });
  await runtime.delegate(Array.from({ length: 100 }, () => spec({ prompt: 'general' })));
  await puppet.job(1);
  await delegateOne(runtime, { taskType: 'translation', prompt: 'translation' });
  await puppet.job(2);
  expect(puppet.prompts).toEqual(['general', 'translation']);
});
