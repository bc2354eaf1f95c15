import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  connectTrouble,
  errorLineTrouble,
  type Refusal,
  refusalTrouble,
} from '../../src/actors/ollama-errors.ts';
import type { Outcome } from '../../src/machines/outcome.ts';

const asked = {
  address: 'gpu-1:11434',
  model: 'gpt-oss:20b',
  prompt: 'Why does the roof of the workshop leak?',
};

function outcomeFor(refusal: Partial<Refusal>): Outcome {
  return refusalTrouble(asked, { status: 503, retryAfter: null, error: null, ...refusal }).outcome;
}

function messageFor(error: unknown, prompt = asked.prompt): string {
  const { outcome } = errorLineTrouble({ ...asked, prompt }, error);
  return 'failure' in outcome ? outcome.failure.message : '';
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
  test.each([
    [500, 'retry', 'backend.error'],
    [502, 'retry', 'backend.error'],
    [503, 'retry', 'backend.busy'],
    [429, 'retry', 'backend.busy'],
    [400, 'failed', 'input.refused'],
    [403, 'failed', 'input.refused'],
    [413, 'failed', 'input.refused'],
    [304, 'retry', 'backend.garbage'],
  ])('%d means %s %s', (status, kind, code) => {
    expect(outcomeFor({ status })).toMatchObject({ kind, failure: { code } });
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
    expect(messageFor('cannot render "blue heron"', 'blue heron')).not.toContain('heron');
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
