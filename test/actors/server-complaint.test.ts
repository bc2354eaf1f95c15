import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Complaint, complaintIn, complaintOf } from '../../src/actors/server-complaint.ts';

const overflow = {
  error: { code: 400, message: 'too many tokens', type: 'exceed_context_size_error', n_ctx: 512 },
};

describe('a complaint', () => {
  test.each<[string, Record<string, unknown>, Complaint]>([
    ['Ollama', { error: 'out of memory' }, { message: 'out of memory', names: [] }],
    [
      'OpenAI',
      { error: { message: 'no such model', type: 'invalid_request_error', code: 'model_not_found' } },
      { message: 'no such model', names: ['model_not_found', 'invalid_request_error'] },
    ],
    ['llama.cpp', overflow, { message: 'too many tokens', names: ['exceed_context_size_error'] }],
    [
      'an older vLLM',
      { object: 'error', message: 'does not exist', type: 'NotFoundError', code: 404 },
      { message: 'does not exist', names: ['NotFoundError'] },
    ],
    ['FastAPI', { detail: 'Not Found' }, { message: 'Not Found', names: [] }],
    [
      'Ollama that passes llama.cpp on',
      { error: JSON.stringify(overflow) },
      { message: 'too many tokens', names: ['exceed_context_size_error'] },
    ],
    [
      'a gateway that passes llama.cpp on',
      { error: { message: JSON.stringify(overflow), type: 'upstream' } },
      { message: 'too many tokens', names: ['upstream', 'exceed_context_size_error'] },
    ],
  ])('of %s is read', (_who, body, complaint) => {
    expect(complaintIn(body)).toEqual(complaint);
  });

  test('without a sentence is told as JSON', () => {
    expect(complaintOf({ code: 7 })).toEqual({ message: '{"code":7}', names: [] });
    expect(complaintOf(['a'])).toEqual({ message: '["a"]', names: [] });
    expect(complaintOf('{"half a sen')).toEqual({ message: '{"half a sen', names: [] });
  });

  test('is not dug for without end', () => {
    const wrap = (inner: unknown, times: number): unknown =>
      times === 0 ? inner : { error: wrap(inner, times - 1) };
    const wrapText = (inner: string, times: number): string =>
      times === 0 ? inner : JSON.stringify({ error: wrapText(inner, times - 1) });
    const wrapMessage = (inner: string, times: number): string =>
      times === 0 ? inner : JSON.stringify({ message: wrapMessage(inner, times - 1) });
    const deeps = [
      wrap('at the bottom', 5),
      wrapText('at the bottom', 5),
      { message: wrapMessage('at the bottom', 5) },
    ];
    for (const deep of deeps) {
      expect(complaintOf(deep)?.message).toMatch(/^{"(?:error|message)":.*at the bottom/);
    }
  });

  test('is none where nothing is said', () => {
    for (const nothing of [undefined, null, '', ' \n']) {
      expect(complaintOf(nothing)).toBeNull();
      expect(complaintIn({ error: nothing })).toBeNull();
    }
    expect(complaintIn({ status: 'ok' })).toBeNull();
  });

  test('is a sentence or nothing, whatever the JSON, however deep it is wrapped', () => {
    const wrapped = fc.letrec((tie) => ({
      body: fc.record({ error: fc.oneof(fc.jsonValue(), tie('body'), tie('text')) }),
      text: tie('body').map((body) => JSON.stringify(body)),
    })).body;
    fc.assert(
      fc.property(wrapped, (body) => {
        const complaint = complaintIn(body as Record<string, unknown>);
        expect(complaint?.message.trim()).not.toBe('');
      }),
    );
  });
});
