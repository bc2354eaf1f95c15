import { describe, expect, test } from 'vitest';
import { type ChatTool, type ModelRequest, textOfRequest } from '../../src/machines/model-request.ts';

const weather: ChatTool = {
  name: 'weather',
  description: 'The weather of a town.',
  parameters: { type: 'object', properties: { town: { type: 'string' } } },
};

describe('the text of a conversation', () => {
  test('is what was said, message by message, and nothing else', () => {
    const request: ModelRequest = {
      kind: 'chat',
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Is it raining?', images: ['aGVsbG8='] },
      ],
    };
    expect(textOfRequest(request)).toBe('Be short.\nIs it raining?');
  });

  test('has what the assistant called with, beside what it said', () => {
    const request: ModelRequest = {
      kind: 'chat',
      messages: [
        {
          role: 'assistant',
          content: 'I will look.',
          toolCalls: [
            { id: 'call_1', name: 'weather', arguments: '{"town":"Nara"}' },
            { id: 'call_2', name: 'weather', arguments: '{"town":"Kobe"}' },
          ],
        },
        { role: 'tool', content: 'rain', toolCallId: 'call_1' },
      ],
    };
    expect(textOfRequest(request)).toBe('I will look.\n{"town":"Nara"}\n{"town":"Kobe"}\nrain');
  });

  test('ends with the functions that may be called, as the model is told of them', () => {
    const request: ModelRequest = {
      kind: 'chat',
      messages: [{ role: 'user', content: 'Is it raining?' }],
      tools: [weather, { name: 'now' }],
    };
    const [said, ...told] = textOfRequest(request).split('\n');
    expect(said).toBe('Is it raining?');
    expect(told.map((line) => JSON.parse(line))).toEqual([weather, { name: 'now' }]);
  });
});

describe('the text of a completion', () => {
  test('is what is said before its prompt, and what stands behind the gap', () => {
    const around = { system: 'You write TypeScript.', suffix: 'return sum;' };
    expect(textOfRequest({ kind: 'completion', ...around, images: ['aGVsbG8='] })).toBe(
      'You write TypeScript.\nreturn sum;',
    );
  });

  test('is no longer than what there is of it', () => {
    expect(textOfRequest({ kind: 'completion', suffix: 'return sum;' })).toBe('return sum;');
    expect(textOfRequest({ kind: 'completion', system: 'Be short.' })).toBe('Be short.');
    expect(textOfRequest({ kind: 'completion', raw: true })).toBe('');
  });
});

test('the text of an embedding is its longest input, wherever it stands: each is read by itself', () => {
  const of = (...inputs: readonly string[]) => textOfRequest({ kind: 'embedding', inputs });
  expect(of('one')).toBe('one');
  expect(of('the longest', 'shorter', 'short')).toBe('the longest');
  expect(of('short', 'the longest', 'shorter')).toBe('the longest');
  expect(of('short', 'shorter', 'the longest')).toBe('the longest');
});
