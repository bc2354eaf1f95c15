import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import type { ChatRequest } from '../../src/machines/model-request.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { setupJoined, startWorker } from '../support/joined-world.ts';
import { helloFrame } from '../support/worker-frames.ts';

const chat: ChatRequest = {
  kind: 'chat',
  messages: [{ role: 'user', content: 'Does it rain?' }],
  tools: [{ name: 'weather' }],
};

/** A worker that answers one thing after the other. */
async function setupAnswers(answers: readonly Outcome[]) {
  const { clock, network, pool } = setupJoined();
  const asked: Job[] = [];
  startWorker(network, {
    backend: async (job, { onText }) => {
      asked.push(job);
      const outcome = answers[asked.length - 1] ?? ({ kind: 'cancelled' } as const);
      if (outcome.kind === 'succeeded' && outcome.output !== '') onText(outcome.output);
      return outcome;
    },
  });
  await clock.advance(100);
  const run = async (job: Partial<Job>) => {
    const attempt = pool.run(makeJob(job));
    await clock.advance(100);
    return attempt;
  };
  return { asked, run };
}

function answer(output: string, rest: object = {}): Outcome {
  return { kind: 'succeeded', output, usage: noUsage, ...rest };
}

describe('a joined worker', () => {
  test('is asked for a conversation, and its calls and thoughts come back', async () => {
    const reply = { toolCalls: [{ id: 'a', name: 'weather', arguments: '{}' }], thinking: 'Hm.' };
    const { asked, run } = await setupAnswers([answer('', { reply })]);
    const attempt = await run({ request: chat });
    expect(asked[0]?.request).toEqual(chat);
    expect(attempt.outcomes).toEqual([answer('', { reply })]);
    expect(attempt.text).toBe('');
  });

  test('mends an answer in the wrong format by itself, under the one lease', async () => {
    const { asked, run } = await setupAnswers([answer('yes'), answer('{"rain": true}')]);
    const attempt = await run({ format: 'json' });
    expect(asked.map(({ assignmentId }) => assignmentId)).toEqual([1, 1]);
    expect(attempt.outcomes).toEqual([answer('{"rain": true}')]);
    expect(attempt.text).toBe('{"rain": true}');
  });
});

test('a worker of a former version is handed plain prompts, and nothing that it would take for one', async () => {
  const { clock, network, pool } = setupJoined();
  const heard: { readonly type: string }[] = [];
  const socket = network.dial({
    onOpen: () => socket.send(JSON.stringify(helloFrame())),
    onRefused: () => undefined,
    onMessage: (text) => void heard.push(JSON.parse(text)),
    onClose: () => undefined,
  });
  await clock.advance(10);
  expect(pool.enrolled[0]?.requestKinds).toEqual(['text']);
  const attempt = pool.run(makeJob({ request: chat }));
  await clock.advance(10);
  expect(attempt.outcomes).toMatchObject([{ kind: 'released' }]);
  expect(heard.map(({ type }) => type)).toEqual(['welcome']);
  pool.run(makeJob());
  await clock.advance(10);
  expect(heard.at(-1)).toMatchObject({ type: 'run' });
});

test('what the protocol has no room for is refused, instead of cutting the link for ever', async () => {
  const { asked, run } = await setupAnswers([]);
  const request: ChatRequest = { ...chat, tools: [{ name: 'n'.repeat(257) }] };
  expect((await run({ request })).outcomes).toMatchObject([
    { kind: 'failed', failure: { code: 'input.refused' } },
  ]);
  expect(asked).toEqual([]);
});
