import { EventEmitter, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import type { Config } from '../../src/config/settings.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { failed } from '../../src/machines/outcome.ts';
import type { Runtime } from '../../src/runtime.ts';
import { setupRuntime, spec, succeeded, temporaryFolder } from '../support/running-server.ts';

const noModel = failed('model.unknown', 'no such model');

async function outcomeOf(runtime: Runtime, changes: Parameters<typeof spec>[0] = {}) {
  const { taskIds } = await runtime.delegate([spec(changes)]);
  return runtime.wait(taskIds[0] as TaskId, 5_000);
}

function withModels(change: (models: Config['models']) => Config['models']) {
  return (config: Config): Config => ({ ...config, models: change(config.models) });
}

/** A worker that leaves the choice of the model to the file, and writes down what it was asked. */
async function setupFree(change: (config: Config) => Config = (config) => config) {
  const jobs: Job[] = [];
  const bench = await setupRuntime({
    workers: [{ model: null, maxTokens: null }],
    change,
    backend: async (job) => {
      jobs.push(job);
      return succeeded(`by ${job.model}`);
    },
  });
  return { ...bench, jobs };
}

describe('the model of a task', () => {
  test.each([
    ['by its type', { taskType: 'translation' }, 'mistral:7b'],
    [
      'by its type before its length',
      { taskType: 'documentation', prompt: 'x'.repeat(900) },
      'qwen2.5-coder:1.5b',
    ],
    ['by its length, short', { prompt: 'x'.repeat(99) }, 'qwen2.5-coder:1.5b'],
    ['by its length, at a bound', { prompt: 'x'.repeat(100) }, 'qwen2.5-coder:7b'],
    ['by its length, long', { prompt: 'x'.repeat(500) }, 'gpt-oss:20b'],
    ['by its own word', { taskType: 'translation', options: { model: 'its-own:1b' } }, 'its-own:1b'],
  ])('is chosen %s', async (_how, changes, model) => {
    const { runtime, jobs } = await setupFree();
    expect((await outcomeOf(runtime, changes)).result?.output).toBe(`by ${model}`);
    expect(jobs[0]?.model).toBe(model);
  });

  test('brings its sampling options along, under those of the task', async () => {
    const { runtime, jobs } = await setupFree();
    await outcomeOf(runtime, { taskType: 'translation', options: { temperature: 0.9 } });
    expect(jobs[0]?.sampling).toMatchObject({ temperature: 0.9, num_ctx: 8_192, top_p: 0.9 });
  });

  test('has no longer a context than its worker takes', async () => {
    const jobs: Job[] = [];
    const { runtime } = await setupRuntime({
      workers: [{ maxTokens: 2_048 }],
      backend: async (job) => {
        jobs.push(job);
        return succeeded('done');
      },
    });
    await outcomeOf(runtime, { options: { num_ctx: 100_000 } });
    expect(jobs[0]?.sampling).toMatchObject({ num_ctx: 2_048 });
  });
});

describe('the chain of models', () => {
  const withChain = withModels((models) => ({ ...models, fallback: { ...models.fallback, enabled: true } }));

  test('is gone through until one answers, and the row and the facts say how', async () => {
    const asked: (string | null)[] = [];
    const { runtime } = await setupRuntime({
      change: withChain,
      backend: async ({ model }) => {
        asked.push(model);
        return model === 'qwen2.5-coder:1.5b' ? succeeded('small but there') : noModel;
      },
    });
    const task = await outcomeOf(runtime);
    expect(task).toMatchObject({ status: 'completed', attempts: 3 });
    expect(asked).toEqual(['gpt-oss:20b', 'qwen2.5-coder:7b', 'qwen2.5-coder:1.5b']);
    expect(runtime.attempts(task.task_id as TaskId).map(({ model, status }) => [model, status])).toEqual([
      ['gpt-oss:20b', 'retried'],
      ['qwen2.5-coder:7b', 'retried'],
      ['qwen2.5-coder:1.5b', 'completed'],
    ]);
  });

  test('ends with the last failure when none answers', async () => {
    const { runtime } = await setupRuntime({ change: withChain, backend: async () => noModel });
    expect(await outcomeOf(runtime)).toMatchObject({
      status: 'failed',
      attempts: 3,
      result: { error_code: 'model.unknown' },
    });
  });

  test('is not for a task that names its model', async () => {
    const { runtime } = await setupRuntime({ change: withChain, backend: async () => noModel });
    const task = await outcomeOf(runtime, { options: { model: 'this-one:1b' } });
    expect(task).toMatchObject({ status: 'failed', attempts: 1 });
  });

  test('goes on after a restart where it was', async () => {
    const home = temporaryFolder();
    const asked: (string | null)[] = [];
    const stuck = new EventEmitter();
    const isStuck = once(stuck, 'asked');
    const first = await setupRuntime({
      home,
      change: withChain,
      backend: async ({ model }) => {
        asked.push(model);
        if (model === 'gpt-oss:20b') return noModel;
        stuck.emit('asked');
        return new Promise(() => undefined);
      },
    });
    const { taskIds } = await first.runtime.delegate([spec()]);
    await isStuck;
    await first.close();
    const { runtime } = await setupRuntime({
      home,
      change: withChain,
      backend: async ({ model }) => {
        asked.push(model);
        return succeeded('done');
      },
    });
    await runtime.wait(taskIds[0] as TaskId, 5_000);
    expect(asked).toEqual(['gpt-oss:20b', 'qwen2.5-coder:7b', 'qwen2.5-coder:7b']);
  });
});

describe('a prompt that fits nowhere', () => {
  test('fails at once, with the numbers, and no worker is asked', async () => {
    const asked: Job[] = [];
    const { runtime } = await setupRuntime({
      workers: [{ maxTokens: 1_000 }],
      backend: async (job) => {
        asked.push(job);
        return succeeded('done');
      },
    });
    const task = await outcomeOf(runtime, { prompt: 'a long story '.repeat(2_000) });
    expect(task).toMatchObject({ status: 'failed', attempts: 0, result: { error_code: 'input.too_long' } });
    expect(task.result?.error).toMatch(
      /need about [\d,]+ tokens, .* holds 1,000 \(worker_1 with gpt-oss:20b\)/,
    );
    expect(asked).toEqual([]);
  });

  test('goes to the worker that it fits', async () => {
    const { runtime } = await setupRuntime({
      workers: [{ maxTokens: 1_000 }, { maxTokens: 30_000, model: 'wide:20b' }],
    });
    const task = await outcomeOf(runtime, { prompt: 'a long story '.repeat(1_000) });
    expect(task).toMatchObject({ status: 'completed', worker_id: 'worker_2' });
    const [attempt] = runtime.attempts(task.task_id as TaskId);
    expect(attempt?.reason).toMatchObject({
      candidates: [{ worker_id: 'worker_1', refusal: 'too small' }, { worker_id: 'worker_2' }],
    });
  });
});

describe('the cache of answers', () => {
  const cached = withModels((models) => ({
    ...models,
    cache: { enabled: true, ttlMs: 60_000, maxSize: 10 },
  }));

  async function setupCached() {
    const asked: string[] = [];
    const bench = await setupRuntime({
      change: cached,
      backend: async ({ prompt }) => {
        asked.push(prompt);
        return succeeded(`answer ${asked.length}`);
      },
    });
    return { ...bench, asked };
  }

  test('answers the same prompt again without asking the model, and says so', async () => {
    const { runtime, asked } = await setupCached();
    expect((await outcomeOf(runtime)).result?.output).toBe('answer 1');
    const again = await outcomeOf(runtime);
    expect(again.result).toMatchObject({ output: 'answer 1', usage: { done_reason: 'cached' } });
    expect(asked).toHaveLength(1);
  });

  test('is passed by when a task wants a new answer, or tries another again', async () => {
    const { runtime } = await setupCached();
    const first = await outcomeOf(runtime);
    expect((await outcomeOf(runtime, { options: { cache: false } })).result?.output).toBe('answer 2');
    const { task_id } = await runtime.retry(first.task_id as TaskId, 'a test');
    expect((await runtime.wait(task_id as TaskId, 5_000)).result?.output).toBe('answer 3');
  });
});
