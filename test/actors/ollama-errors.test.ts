import { describe, expect, test } from 'vitest';
import { ollamaServer } from '../../src/actors/ollama-errors.ts';
import { complaintIn } from '../../src/actors/server-complaint.ts';
import { refusalTrouble } from '../../src/actors/server-errors.ts';
import type { Outcome } from '../../src/machines/outcome.ts';

function outcomeFor(status: number, body: Record<string, unknown>): Outcome {
  const asked = {
    server: ollamaServer('/api/generate'),
    address: 'gpu-1:11434',
    model: 'gpt-oss:20b',
    prompt: 'Why does the roof of the workshop leak?',
    secret: null,
  };
  return refusalTrouble(asked, { status, retryAfter: null, complaint: complaintIn(body) }).outcome;
}

function messageFor(status: number, body: Record<string, unknown>): string {
  const outcome = outcomeFor(status, body);
  return 'failure' in outcome ? outcome.failure.message : '';
}

/** What Ollama answers where its engine is llama.cpp's server. */
const passedOn = JSON.stringify({
  error: {
    code: 400,
    message: 'request (2622 tokens) exceeds the available context size (512 tokens), try increasing it',
    type: 'exceed_context_size_error',
    n_prompt_tokens: 2_622,
    n_ctx: 512,
  },
});

describe('Ollama', () => {
  test.each([
    [
      'its own engine',
      'the input length exceeds the context length',
      'the input length exceeds the context length',
    ],
    ['the engine of llama.cpp', passedOn, 'request (2622 tokens) exceeds the available context size'],
  ])('refuses a prompt that is too long in the words of %s', (_engine, error, words) => {
    expect(outcomeFor(400, { error })).toMatchObject({ kind: 'failed', failure: { code: 'input.too_long' } });
    expect(messageFor(400, { error })).toContain(words);
    expect(messageFor(400, { error })).toMatch(/Make it shorter, or raise num_ctx\.$/);
  });

  test('is told how to get a model that it has not', () => {
    expect(outcomeFor(404, { error: "model 'gpt-oss:20b' not found" })).toMatchObject({
      kind: 'failed',
      failure: {
        code: 'model.unknown',
        message: 'Ollama at gpu-1:11434 has no model gpt-oss:20b: run `ollama pull gpt-oss:20b` there.',
      },
    });
  });

  test.each([
    {},
    { detail: 'Not Found' },
  ])('is asked for by name where something else answers 404: %o', (body) => {
    expect(outcomeFor(404, body)).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
    expect(messageFor(404, body)).toContain('is it Ollama?');
  });

  test('is busy for one reason', () => {
    expect(messageFor(503, { error: 'server busy' })).toBe(
      'Ollama at gpu-1:11434 is busy (503): its queue is full.',
    );
  });
});
