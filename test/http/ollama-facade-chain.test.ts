import { expect, test } from 'vitest';
import { ollamaBackend } from '../../src/actors/ollama-backend.ts';
import { ollamaProbe } from '../../src/actors/ollama-probe.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRuntime, spec } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { openOllama, setupOllama, usage } from './ollama-facade-door.ts';

const sighting = {
  models: [{ name: 'tiny:latest', sizeBytes: 1_000, contextTokensMax: 4_096 }],
  residents: [{ name: 'tiny:latest', memoryBytes: 1_500, contextTokens: 2_048 }],
};

/** One Koubou whose only worker is another one. */
async function chained() {
  const inner = await setupOllama({ sighting });
  await until(() => expect(inner.runtime.workers()[0]?.models).not.toBeNull());
  const { runtime } = await setupRuntime({
    backend: ollamaBackend({ host: inner.url }),
    workers: [{ model: 'tiny:latest' }],
  });
  return { inner, outer: await openOllama(runtime, new PuppetBackend()) };
}

test('the probe of a Koubou sees another one as an Ollama server', async () => {
  const { inner } = await chained();
  const seen = await ollamaProbe(inner.url)(AbortSignal.timeout(5_000));
  expect(seen.models).toContainEqual({ name: 'tiny:latest', sizeBytes: 1_000, contextTokensMax: 4_096 });
  expect(seen.models?.map(({ name }) => name)).toContain('koubou');
  expect(seen.residents).toEqual([{ name: 'tiny:latest', memoryBytes: 1_500, contextTokens: 2_048 }]);
});

test('a task of the outer one is answered by the inner one, with its counts', async () => {
  const { inner, outer } = await chained();
  const { taskIds } = await outer.runtime.delegate([spec({ prompt: 'through two' })]);
  const [id] = taskIds;
  const held = await inner.puppet.job(1);
  expect(held.job).toMatchObject({ prompt: 'through two', model: 'tiny:latest' });
  held.io.onText('an');
  held.settle({ kind: 'succeeded', output: 'answer', usage });
  const ended = await outer.runtime.wait(id as NonNullable<typeof id>, 10_000);
  expect(ended).toMatchObject({
    status: 'completed',
    result: { output: 'answer', usage: { prompt_tokens: 7, output_tokens: 3, total_ms: 5 } },
  });
});

test('a conversation with tools, a format and vectors go through both', async () => {
  const { inner, outer } = await chained();
  const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];
  const messages = [{ role: 'user', content: 'how is it in 京都?' }];
  const called = outer.client.chat({ model: 'tiny', messages, tools });
  const first = await inner.puppet.job(1);
  expect(first.job.request).toMatchObject({ kind: 'chat', messages, tools: [{ name: 'weather' }] });
  const toolCalls = [{ id: 'c1', name: 'weather', arguments: '{"city":"京都"}' }];
  first.settle({ kind: 'succeeded', output: '', usage, reply: { toolCalls, thinking: 'look' } });
  expect((await called).message).toMatchObject({
    thinking: 'look',
    tool_calls: [{ function: { name: 'weather', arguments: { city: '京都' } } }],
  });
  const formed = outer.client.chat({ model: 'tiny', messages, format: { type: 'object' } });
  const second = await inner.puppet.job(2);
  expect(second.job.format).toEqual({ type: 'object' });
  second.settle({ kind: 'succeeded', output: '{}', usage });
  expect((await formed).message.content).toBe('{}');
  const vectors = outer.client.embed({ model: 'tiny', input: ['a', 'b'] });
  (await inner.puppet.job(3)).settle({ kind: 'succeeded', output: '[[1],[2]]', usage });
  expect((await vectors).embeddings).toEqual([[1], [2]]);
});

test('who cancels the outer task cancels the inner one', async () => {
  const { inner, outer } = await chained();
  const { taskIds } = await outer.runtime.delegate([spec()]);
  const { io } = await inner.puppet.job(1);
  await outer.runtime.cancel(taskIds[0] as (typeof taskIds)[number]);
  await until(() => expect(io.signal.aborted).toBe(true));
});
