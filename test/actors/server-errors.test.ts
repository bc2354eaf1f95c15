import { afterEach, describe, expect, test, vi } from 'vitest';
import { ollamaServer } from '../../src/actors/ollama-errors.ts';
import { openaiServer } from '../../src/actors/openai-errors.ts';
import { complaintOf } from '../../src/actors/server-complaint.ts';
import {
  type Asked,
  connectTrouble,
  cutTrouble,
  garbageTrouble,
  generationTrouble,
  type Refusal,
  refusalTrouble,
} from '../../src/actors/server-errors.ts';
import type { Outcome } from '../../src/machines/outcome.ts';

const asked: Asked = {
  server: ollamaServer('/api/generate'),
  address: 'gpu-1:11434',
  model: 'gpt-oss:20b',
  prompt: 'Why does the roof of the workshop leak?',
  secret: null,
};

function outcomeFor(refusal: Partial<Refusal>): Outcome {
  return refusalTrouble(asked, { status: 503, retryAfter: null, complaint: null, ...refusal }).outcome;
}

function messageOf(outcome: Outcome): string {
  return 'failure' in outcome ? outcome.failure.message : '';
}

function messageFor(error: unknown, about: Partial<Asked> = {}): string {
  return messageOf(generationTrouble({ ...asked, ...about }, complaintOf(error)).outcome);
}

describe('Retry-After', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    ['seconds', '7', 7_000],
    ['nothing', null, 0],
    ['words', 'soon', 0],
    ['a negative number', '-5', 0],
    ['more than an hour', '999999999', 3_600_000],
    ['a date to come', 'Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['a date gone by', 'Wed, 31 Dec 2025 23:00:00 GMT', 0],
  ])('of %s', (_what, retryAfter, delayMsMin) => {
    vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') });
    expect(outcomeFor({ retryAfter })).toMatchObject({ kind: 'retry', delayMsMin });
  });
});

describe('a status', () => {
  const statuses = [
    [500, 'retry', 'backend.error'],
    [502, 'retry', 'backend.error'],
    [503, 'retry', 'backend.busy'],
    [429, 'retry', 'backend.busy'],
    [400, 'failed', 'input.refused'],
    [401, 'failed', 'input.refused'],
    [403, 'failed', 'input.refused'],
    [404, 'failed', 'input.refused'],
    [413, 'failed', 'input.refused'],
    [422, 'failed', 'input.refused'],
    [304, 'retry', 'backend.garbage'],
  ] as const;

  test.each(statuses)('%d means %s %s, whatever the kind of server', (status, kind, code) => {
    for (const server of [ollamaServer('/api/generate'), openaiServer('chat/completions')]) {
      const { outcome } = refusalTrouble({ ...asked, server }, { status, retryAfter: null, complaint: null });
      expect(outcome).toMatchObject({ kind, failure: { code } });
    }
  });
});

describe('the words of a server', () => {
  test('are quoted by their first line, shortened', () => {
    expect(messageFor('CUDA error.\n  at runner.go:12')).toMatch(/: CUDA error\.$/);
    expect(messageFor('x'.repeat(5_000)).length).toBeLessThan(300);
    expect(messageFor({ code: 500, message: 'out of memory' })).toContain('out of memory');
  });

  test.each([
    ['all of it', asked.prompt],
    ['a part from its middle', 'unexpected token near "the roof of the workshop"'],
  ])('are left out when they repeat the prompt: %s', (_what, error) => {
    expect(messageFor(error)).toBe('The generation failed at Ollama on gpu-1:11434.');
  });

  test('are left out when they repeat a short prompt', () => {
    expect(messageFor('cannot render "blue heron"', { prompt: 'blue heron' })).not.toContain('heron');
  });

  test.each([
    ['all of it', 'bad key sk-0123456789abcdefghijklmnopqrstuvwxyz0123456789'],
    [
      'its first half, where the quotation ends',
      `${'x'.repeat(190)} sk-0123456789abcdefghijklmnopqrstuvwxyz0123456789`,
    ],
    ['a part that the server shortened', 'bad key sk-0123456789abcdefghijklmn…'],
  ])('are left out when they repeat the API key: %s', (_what, error) => {
    const secret = 'sk-0123456789abcdefghijklmnopqrstuvwxyz0123456789';
    expect(messageFor(error, { secret })).toBe('The generation failed at Ollama on gpu-1:11434.');
  });

  test('are left out when there are none', () => {
    for (const nothing of [null, undefined, '', ' \n']) {
      expect(messageFor(nothing)).toBe('The generation failed at Ollama on gpu-1:11434.');
    }
  });
});

test('a failed connection is told by its code, also where a fetch hides it in the cause', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  for (const cause of [refused, new TypeError('fetch failed', { cause: refused })]) {
    expect(connectTrouble(asked, cause).outcome).toMatchObject({
      failure: { code: 'backend.unreachable', message: expect.stringContaining('ECONNREFUSED') },
    });
  }
  expect(connectTrouble(asked, 'what').outcome).toMatchObject({
    failure: { code: 'backend.unreachable', message: expect.stringContaining('no reason given') },
  });
});

test('a server without a name of its own reads well at the start and in the middle of a sentence', () => {
  const unnamed = { ...asked, server: openaiServer('chat/completions'), address: 'gpu-1:1234' };
  const reset = Object.assign(new Error('read'), { code: 'ECONNRESET' });
  expect([
    messageOf(connectTrouble(unnamed, reset).outcome),
    messageOf(cutTrouble(unnamed).outcome),
    messageOf(garbageTrouble(unnamed, 'sent noise').outcome),
    messageOf(generationTrouble(unnamed, null).outcome),
  ]).toEqual([
    'The server at gpu-1:1234 closed the connection before it answered.',
    'The answer of the server at gpu-1:1234 was cut off before its end.',
    'The server at gpu-1:1234 sent noise: is it really an OpenAI-compatible server?',
    'The generation failed at the server on gpu-1:1234.',
  ]);
});
