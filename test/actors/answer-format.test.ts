import { describe, expect, test } from 'vitest';
import { withAnswerFormat } from '../../src/actors/answer-format.ts';
import { AnswerSchemas } from '../../src/actors/answer-schemas.ts';
import type { Job } from '../../src/actors/execution.ts';
import { answerLimits } from '../../src/machines/answer-limits.ts';
import type { ChatRequest } from '../../src/machines/model-request.ts';
import { failed, noUsage, type Outcome, retry } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';

const board = { type: 'object', properties: { mm: { type: 'integer' } }, required: ['mm'] };
const usage = {
  ...noUsage,
  model: 'tiny',
  promptTokens: 10,
  outputTokens: 3,
  generateMs: 5,
  doneReason: 'stop',
};

function answer(output: string, rest: object = {}): Outcome {
  return { kind: 'succeeded', output, usage, ...rest };
}

/** A model that answers one thing after the other, in two pieces each. */
function setup(outcomes: readonly (string | Outcome)[], repairsMax?: number) {
  const asked: Job[] = [];
  const backend = withAnswerFormat(
    async (job, { onText }) => {
      asked.push(job);
      const next = outcomes[asked.length - 1] ?? 'asked too often';
      const outcome = typeof next === 'string' ? answer(next) : next;
      if (outcome.kind !== 'succeeded') return outcome;
      for (const piece of [outcome.output.slice(0, 2), outcome.output.slice(2)]) onText(piece);
      return outcome;
    },
    { schemas: new AnswerSchemas(), ...(repairsMax !== undefined && { repairsMax }) },
  );
  const io = recordedIo();
  const run = (job: Partial<Job> = {}) =>
    backend(makeJob({ format: board, prompt: 'How thick?', ...job }), io);
  return { asked, io, run };
}

function saidTo(job: Job | undefined) {
  return (job?.request as ChatRequest).messages;
}

describe('an answer', () => {
  test('without a format is passed on as it comes', async () => {
    const { io, run } = setup(['free']);
    expect(await run({ format: null })).toEqual(answer('free'));
    expect(io.texts).toEqual(['fr', 'ee']);
  });

  test('that is right is told in one piece, with the white space around it', async () => {
    const { asked, io, run } = setup([' {"mm": 20}\n']);
    expect(await run()).toEqual(answer(' {"mm": 20}\n'));
    expect(io.texts).toEqual([' {"mm": 20}\n']);
    expect(asked).toHaveLength(1);
  });

  test.each([
    ['no JSON', 'It is 20 mm thick.'],
    ['JSON in a fence', '```json\n{"mm": 20}\n```'],
    ['JSON of another shape', '{"mm": "20"}'],
  ])('that is %s is never told, and never a success', async (_what, wrong) => {
    const { asked, io, run } = setup([wrong, wrong, wrong]);
    expect(await run()).toMatchObject({ kind: 'failed', failure: { code: 'output.invalid' } });
    expect(io.texts).toEqual([]);
    expect(asked).toHaveLength(1 + answerLimits.repairsMax);
  });

  test('that calls a tool is none yet, and has no format', async () => {
    const reply = { toolCalls: [{ id: 'a', name: 'measure', arguments: '{}' }] };
    const { run } = setup([answer('', { reply })]);
    expect(await run()).toEqual(answer('', { reply }));
  });

  test('that is too long to be looked at fails at once', async () => {
    const { asked, run } = setup([
      JSON.stringify({ mm: 1, note: 'x'.repeat(answerLimits.structuredCharsMax) }),
    ]);
    expect(await run()).toMatchObject({ kind: 'failed', failure: { code: 'output.invalid' } });
    expect(asked).toHaveLength(1);
  });

  test('that used up its tokens fails at once, and says what to raise', async () => {
    const { asked, run } = setup([answer('{"mm": 2', { usage: { ...usage, doneReason: 'length' } })]);
    expect(await run()).toMatchObject({ failure: { message: expect.stringContaining('num_predict') } });
    expect(asked).toHaveLength(1);
  });

  test('is told nobody after an abort', async () => {
    const { io, run } = setup(['{"mm": 20}']);
    io.abort();
    expect(await run()).toEqual({ kind: 'cancelled' });
    expect(io.texts).toEqual([]);
  });
});

describe('a repair', () => {
  test('goes on with the conversation, and its usage is added', async () => {
    const { asked, io, run } = setup(['thick', '{"mm": "x"}', '{"mm": 20}']);
    expect(await run()).toEqual({
      ...answer('{"mm": 20}'),
      usage: { ...usage, promptTokens: 30, outputTokens: 9, generateMs: 15 },
    });
    expect(io.texts).toEqual(['{"mm": 20}']);
    expect(saidTo(asked[1])).toEqual([
      { role: 'user', content: 'How thick?' },
      { role: 'assistant', content: 'thick' },
      { role: 'user', content: expect.stringContaining('it is not JSON') },
    ]);
    expect(saidTo(asked[2])).toHaveLength(5);
    expect(saidTo(asked[2]).at(-1)?.content).toContain('its mm must be integer');
    expect(asked[2]).toMatchObject({ format: board, model: 'tiny' });
  });

  test('keeps the tools of a conversation, and the system prompt and pictures of a prompt', async () => {
    const chat = setup(['thick', '{"mm": 20}']);
    const request: ChatRequest = {
      kind: 'chat',
      messages: [{ role: 'user', content: 'a' }],
      tools: [{ name: 't' }],
    };
    await chat.run({ request });
    expect(chat.asked[1]?.request).toMatchObject({ tools: [{ name: 't' }], messages: { length: 3 } });
    const prompt = setup(['thick', '{"mm": 20}']);
    await prompt.run({ request: { kind: 'completion', system: 'Be short.', images: ['aGk='] } });
    expect(saidTo(prompt.asked[1]).slice(0, 2)).toEqual([
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'How thick?', images: ['aGk='] },
    ]);
  });

  test('is not tried where there is no conversation', async () => {
    for (const request of [{ raw: true }, { suffix: 'x' }, { template: 'x' }]) {
      const { asked, run } = setup(['thick', '{"mm": 20}']);
      expect(await run({ request: { kind: 'completion', ...request } })).toMatchObject({ kind: 'failed' });
      expect(asked).toHaveLength(1);
    }
  });

  test('is not tried where somebody else does it', async () => {
    const { asked, run } = setup(['thick', '{"mm": 20}'], 0);
    expect(await run()).toMatchObject({ failure: { code: 'output.invalid' } });
    expect(asked).toHaveLength(1);
  });

  test('shows the model so much of what it wrote as is bounded', async () => {
    const { asked, run } = setup(['x'.repeat(100_000), '{"mm": 20}']);
    await run();
    expect(saidTo(asked[1])[1]?.content).toHaveLength(answerLimits.repairedCharsMax);
  });

  test('that fails leaves the answer wrong; trouble of the server is trouble', async () => {
    expect(await setup(['thick', failed('input.too_long', 'too long')]).run()).toMatchObject({
      failure: { code: 'output.invalid' },
    });
    const trouble = retry('backend.cut', 'cut');
    expect(await setup(['thick', trouble]).run()).toEqual(trouble);
    expect(await setup(['thick', { kind: 'cancelled' }]).run()).toEqual({ kind: 'cancelled' });
  });
});

test('a schema that cannot be used is refused before anybody is asked', async () => {
  const { asked, run } = setup(['{"mm": 20}']);
  expect(await run({ format: { type: 'objekt' } })).toMatchObject({
    kind: 'failed',
    failure: { code: 'input.refused', message: expect.stringContaining('schema is invalid') },
  });
  expect(asked).toEqual([]);
});

test('no message repeats the prompt, although the model names a field by it', async () => {
  const secret = 'the blue heron on the roof';
  const schema = { additionalProperties: { type: 'integer' } };
  const { run } = setup(Array(3).fill(JSON.stringify({ [secret]: 'x' })));
  const outcome = await run({ format: schema, prompt: `Tell nobody about ${secret}.` });
  expect(JSON.stringify(outcome)).toContain('not in the format');
  expect(JSON.stringify(outcome)).not.toContain('heron');
});
