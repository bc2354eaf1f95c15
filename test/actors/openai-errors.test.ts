import { describe, expect, test } from 'vitest';
import { openaiServer } from '../../src/actors/openai-errors.ts';
import { complaintIn } from '../../src/actors/server-complaint.ts';
import { refusalTrouble } from '../../src/actors/server-errors.ts';
import type { Outcome } from '../../src/machines/outcome.ts';

function outcomeFor(status: number, body: Record<string, unknown>, prompt = 'Plane the board.'): Outcome {
  const asked = {
    server: openaiServer('chat/completions'),
    address: 'gpu-1:1234',
    model: 'qwen',
    prompt,
    secret: null,
  };
  return refusalTrouble(asked, { status, retryAfter: null, complaint: complaintIn(body) }).outcome;
}

describe('a prompt that is too long', () => {
  test.each<[string, number, Record<string, unknown>]>([
    ['OpenAI', 400, { error: { message: 'Too big.', code: 'context_length_exceeded' } }],
    [
      'llama.cpp',
      400,
      {
        error: {
          code: 400,
          message:
            'request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it',
          type: 'exceed_context_size_error',
        },
      },
    ],
    ['llama.cpp of September 2025', 500, { error: { message: 'Sorry.', type: 'exceed_context_size_error' } }],
    [
      'a fork of llama.cpp',
      500,
      {
        error: {
          message: 'the request exceeds the available context size. try increasing the context size',
          type: 'server_error',
        },
      },
    ],
    [
      'vLLM',
      400,
      {
        error: {
          message:
            "You passed 1015 input tokens and requested 10 output tokens. However, the model's context length is " +
            'only 1024 tokens, resulting in a maximum input length of 1014 tokens.',
          type: 'BadRequestError',
          code: 400,
        },
      },
    ],
    [
      'an older vLLM',
      400,
      {
        object: 'error',
        message:
          "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in " +
          'the messages, 10000 in the completion).',
        type: 'BadRequestError',
        code: 400,
      },
    ],
    [
      'LM Studio',
      400,
      {
        error:
          'Trying to keep the first 14538 tokens when context the overflows. However, the model is loaded with ' +
          'context length of only 2048 tokens, which is not enough.',
      },
    ],
    [
      'a newer LM Studio',
      400,
      { error: 'The number of tokens to keep from the initial prompt is greater than the context length.' },
    ],
    [
      'llama-cpp-python',
      400,
      {
        error: {
          message: 'Requested tokens (2285) exceed context window of 2048',
          type: 'invalid_request_error',
        },
      },
    ],
  ])('is known by what %s says', (_who, status, body) => {
    expect(outcomeFor(status, body)).toMatchObject({ kind: 'failed', failure: { code: 'input.too_long' } });
  });

  test('is not what llama.cpp means when its slots have used up the context that they share', () => {
    const body = { error: { code: 500, message: 'Context size has been exceeded.', type: 'server_error' } };
    expect(outcomeFor(500, body)).toMatchObject({ kind: 'retry', failure: { code: 'backend.error' } });
  });

  test('is not what a server means that repeats a prompt about it', () => {
    const prompt = 'Explain to me: the request exceeds the available context size of the server.';
    const body = { error: { message: `cannot parse: ${prompt}` } };
    expect(outcomeFor(500, body, prompt)).toMatchObject({
      kind: 'retry',
      failure: { code: 'backend.error' },
    });
  });
});

describe('a model that the server does not have', () => {
  test.each<[string, number, Record<string, unknown>]>([
    ['OpenAI', 404, { error: { message: 'Nothing here.', code: 'model_not_found' } }],
    [
      'vLLM',
      404,
      { error: { message: 'The model `qwen` does not exist.', type: 'NotFoundError', code: 404 } },
    ],
    ['an older vLLM', 404, { object: 'error', message: 'The model `qwen` does not exist.', code: 404 }],
    ['the router of llama.cpp', 400, { error: { code: 400, message: "model 'qwen' not found" } }],
    [
      'LM Studio',
      404,
      { error: { message: 'No models loaded. Please load a model in the developer page.' } },
    ],
  ])('is known by what %s says', (_who, status, body) => {
    expect(outcomeFor(status, body)).toMatchObject({
      kind: 'failed',
      failure: { code: 'model.unknown', message: expect.stringContaining('has no model qwen') },
    });
  });

  test.each<[string, number, Record<string, unknown>]>([
    ['a path that is not there', 404, { detail: 'Not Found' }],
    ['a gateway', 404, { error: { message: '404 page not found', code: 404 } }],
    ['another mistake', 400, { error: { message: "model must be a string, and 'stop' is not valid" } }],
    ['no words at all', 404, {}],
  ])('is not what %s means', (_what, status, body) => {
    expect(outcomeFor(status, body)).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
  });
});
