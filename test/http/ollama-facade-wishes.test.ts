import { expect, test } from 'vitest';
import {
  chatWish,
  embeddingsWish,
  embedWish,
  generateWish,
} from '../../src/http/ollama-facade/ollama-wishes.ts';

const model = 'tiny';
const call = (name: string, id?: string) => ({ id, function: { name, arguments: { of: name } } });

test('the prompt of a conversation is what was said last', () => {
  const messages = [
    { role: 'user' as const, content: 'draw' },
    { role: 'assistant' as const, content: '' },
  ];
  expect(chatWish({ model, messages })?.prompt).toBe('draw');
});

test('one question with nothing beside it is a plain prompt', () => {
  const messages = [{ role: 'user' as const, content: 'q' }];
  expect(chatWish({ model, messages })).toEqual({ prompt: 'q' });
  const tools = [{ function: { name: 'weather' } }];
  expect(chatWish({ model, messages, tools })?.request).toMatchObject({ kind: 'chat' });
  expect(chatWish({ model, messages: [{ role: 'system', content: 'q' }] })?.request).toMatchObject({
    kind: 'chat',
  });
});

test('calls without names get one, and each answer belongs to the oldest open call of its tool', () => {
  const wish = chatWish({
    model,
    messages: [
      { role: 'assistant', tool_calls: [call('weather'), call('time'), call('weather')] },
      { role: 'tool', content: '9:00', tool_name: 'time' },
      { role: 'tool', content: 'rain', tool_name: 'weather' },
      { role: 'tool', content: 'sun' },
      { role: 'tool', content: 'nobody asked', tool_name: 'other' },
    ],
  });
  const { messages } = wish?.request as { messages: readonly object[] };
  expect(messages).toEqual([
    {
      role: 'assistant',
      content: '',
      toolCalls: [
        { id: 'call_1', name: 'weather', arguments: '{"of":"weather"}' },
        { id: 'call_2', name: 'time', arguments: '{"of":"time"}' },
        { id: 'call_3', name: 'weather', arguments: '{"of":"weather"}' },
      ],
    },
    { role: 'tool', content: '9:00', toolCallId: 'call_2', toolName: 'time' },
    { role: 'tool', content: 'rain', toolCallId: 'call_1', toolName: 'weather' },
    { role: 'tool', content: 'sun', toolCallId: 'call_3', toolName: 'weather' },
    { role: 'tool', content: 'nobody asked', toolName: 'other' },
  ]);
});

test('names of calls that a client keeps are kept', () => {
  const wish = chatWish({
    model,
    messages: [
      { role: 'assistant', tool_calls: [call('weather', 'a'), call('weather', 'b')] },
      { role: 'tool', content: 'sun', tool_call_id: 'b' },
    ],
  });
  expect(wish?.request).toMatchObject({
    messages: [{ toolCalls: [{ id: 'a' }, { id: 'b' }] }, { toolCallId: 'b', toolName: 'weather' }],
  });
});

test('pictures go along, in a conversation as with a prompt', () => {
  const images = ['aGVsbG8='];
  expect(chatWish({ model, messages: [{ role: 'user', content: 'what is it?', images }] })?.request).toEqual({
    kind: 'chat',
    messages: [{ role: 'user', content: 'what is it?', images }],
  });
  expect(generateWish({ model, images })).toEqual({ prompt: '', request: { kind: 'completion', images } });
});

test('what is empty is not asked for', () => {
  expect(generateWish({ model, prompt: 'p', system: '', suffix: '', raw: false, images: [] })).toEqual({
    prompt: 'p',
  });
  expect(generateWish({ model, prompt: '', system: 's' })).toBeNull();
  expect(chatWish({ model, messages: [], tools: [] })).toBeNull();
  expect(embedWish({ model, input: [] })).toBeNull();
  expect(embedWish({ model })).toBeNull();
  expect(embeddingsWish({ model })).toBeNull();
});
