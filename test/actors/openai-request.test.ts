import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import { completionRequest } from '../../src/actors/openai-request.ts';

/** What goes over the wire besides what every request has. */
function sent(sampling: Job['sampling']): Record<string, unknown> {
  const body = JSON.parse(JSON.stringify(completionRequest({ prompt: 'Saw it.', sampling }, 'tiny')));
  const { model, messages, stream, stream_options: options, ...rest } = body;
  expect({ model, messages, stream, options }).toEqual({
    model: 'tiny',
    messages: [{ role: 'user', content: 'Saw it.' }],
    stream: true,
    options: { include_usage: true },
  });
  return rest;
}

describe('sampling options', () => {
  test('go out under their own names where OpenAI has them', () => {
    const known = {
      temperature: 0,
      top_p: 0.9,
      seed: 7,
      stop: ['###'],
      presence_penalty: 0.5,
      frequency_penalty: -0.5,
    };
    expect(sent(known)).toEqual(known);
  });

  test('go out under the names of those servers that took them over, where OpenAI has not', () => {
    expect(sent({ top_k: 40, min_p: 0.05, repeat_penalty: 1.1 })).toEqual({
      top_k: 40,
      min_p: 0.05,
      repeat_penalty: 1.1,
      repetition_penalty: 1.1,
    });
  });

  test.each([
    [100, { max_tokens: 100 }],
    [-1, {}],
    [0, {}],
    ['many', {}],
  ])('num_predict of %s becomes %o', (numPredict, expected) => {
    expect(sent({ num_predict: numPredict })).toEqual(expected);
  });

  test('that the server decides when it loads a model stay here', () => {
    expect(sent({ num_ctx: 4_096, num_gpu: 1, keep_alive: '5m', mirostat: 2 })).toEqual({});
  });

  test('cannot replace what is asked', () => {
    expect(sent({ model: 'other', stream: false, messages: [], stream_options: {} })).toEqual({});
  });
});
