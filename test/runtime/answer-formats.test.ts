import { expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { setupRuntime, spec, succeeded } from '../support/running-server.ts';

const board = { type: 'object', properties: { mm: { type: 'integer' } }, required: ['mm'] };

/** A pool with a cache, and a model that answers one thing after the other. */
async function setupAnswers(answers: readonly string[]) {
  const asked: Job[] = [];
  const { runtime } = await setupRuntime({
    change: (config) => ({
      ...config,
      models: { ...config.models, cache: { ...config.models.cache, enabled: true } },
    }),
    backend: async (job) => {
      asked.push(job);
      return succeeded(answers[asked.length - 1] ?? 'asked too often');
    },
  });
  const run = async () => {
    const { taskIds } = await runtime.delegate([
      spec({ prompt: 'How thick?', options: { format: board, model: 'tiny' } }),
    ]);
    return runtime.wait(taskIds[0] as TaskId, 5_000);
  };
  return { asked, run };
}

test('an answer in the wrong format is mended, and the mended one is kept for the next task', async () => {
  const { asked, run } = await setupAnswers(['thick', '{"mm": 20}']);
  expect((await run()).result?.output).toBe('{"mm": 20}');
  expect((await run()).result?.output).toBe('{"mm": 20}');
  expect(asked).toHaveLength(2);
});

test('one that stays wrong fails its task for good, and the next task asks anew', async () => {
  const { asked, run } = await setupAnswers(['thick', 'thick', 'thick', '{"mm": 20}']);
  const first = await run();
  expect(first.status).toBe('failed');
  expect(JSON.stringify(first)).toContain('output.invalid');
  expect((await run()).result?.output).toBe('{"mm": 20}');
  expect(asked).toHaveLength(4);
});
