import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import { openaiMessages } from '../../src/actors/openai-messages.ts';
import { openaiQuestion } from '../../src/actors/openai-request.ts';
import { ServerTrouble } from '../../src/actors/server-errors.ts';
import type { ChatMessage, ChatRequest } from '../../src/machines/model-request.ts';
import { makeJob } from '../support/backend-jobs.ts';

/** What goes over the wire besides what every request has. */
function sent(sampling: Job['sampling']): Record<string, unknown> {
  const body = JSON.parse(
    JSON.stringify(openaiQuestion(makeJob({ prompt: 'Saw it.', sampling }), 'tiny').body),
  );
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

describe('what is asked', () => {
  const question = (job: Partial<Job>) => {
    const { path, body } = openaiQuestion(makeJob({ prompt: 'Saw it.', ...job }), 'tiny');
    return { path, ...(JSON.parse(JSON.stringify(body)) as Record<string, unknown>) };
  };
  const streamed = { model: 'tiny', stream: true, stream_options: { include_usage: true } };
  const user = { role: 'user', content: 'Saw it.' };

  test('of a format is JSON, or a schema', () => {
    expect(question({ format: 'json' })).toMatchObject({ response_format: { type: 'json_object' } });
    expect(question({ format: { type: 'object' } })).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } },
    });
  });

  test.each([
    ['high', { reasoning_effort: 'high' }],
    [true, {}],
    [false, {}],
  ])('of thinking is how much, and not whether: %s', (think, expected) => {
    expect(sent({ think })).toEqual(expected);
  });

  test('of a completion is a conversation, with its system prompt and pictures', () => {
    const images = ['iVBORw0KGgoAAA', '/9j/AAAA', 'AAAA'];
    expect(question({ request: { kind: 'completion', system: 'Be short.', images } })).toEqual({
      path: 'chat/completions',
      messages: [
        { role: 'system', content: 'Be short.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Saw it.' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgoAAA' } },
            { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,/9j/AAAA' } },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
      ],
      ...streamed,
    });
    expect(question({ request: { kind: 'completion', suffix: '' } })).toMatchObject({ messages: [user] });
  });

  test('of a raw prompt, or one with a gap, goes to the older completions', () => {
    for (const request of [{ raw: true }, { suffix: 'end' }]) {
      const { raw: _, ...said } = { raw: false, ...request };
      expect(question({ request: { kind: 'completion', ...request } })).toEqual({
        path: 'completions',
        prompt: 'Saw it.',
        ...said,
        ...streamed,
      });
    }
  });

  test.each([
    { template: 't' },
    { raw: true, system: 's' },
    { suffix: 'x', images: ['AAAA'] },
  ])('and has no words there is refused: %j', (request) => {
    expect(() => question({ request: { kind: 'completion', ...request } })).toThrow(ServerTrouble);
  });

  test('of texts for vectors is numbers', () => {
    expect(question({ request: { kind: 'embedding', inputs: ['a', 'b'], dimensions: 3 } })).toEqual({
      path: 'embeddings',
      model: 'tiny',
      input: ['a', 'b'],
      dimensions: 3,
      encoding_format: 'float',
    });
  });

  test('of tools is which may, and which must be called', () => {
    const tools = [{ name: 'n', description: 'd', parameters: {} }, { name: 'm' }];
    const of = (toolChoice: ChatRequest['toolChoice']) =>
      question({
        request: {
          kind: 'chat',
          messages: [{ role: 'user', content: 'a' }],
          tools,
          ...(toolChoice && { toolChoice }),
        },
      });
    const [n, m] = [
      { type: 'function', function: { name: 'n', description: 'd', parameters: {} } },
      { type: 'function', function: { name: 'm' } },
    ];
    expect(of(undefined)).toMatchObject({ tools: [n, m] });
    expect(of('required')).toMatchObject({ tools: [n, m], tool_choice: 'required' });
    expect(of({ name: 'm' })).toMatchObject({
      tools: [m],
      tool_choice: { type: 'function', function: { name: 'm' } },
    });
    expect(of('none')).not.toHaveProperty('tools');
  });
});

describe('an answer of a tool', () => {
  const calls = [
    { id: 'a', name: 'n', arguments: '{}' },
    { id: 'b', name: 'm', arguments: '{"q":1}' },
  ];
  const called = { role: 'assistant', content: '', toolCalls: calls } as const;
  const answers = (...messages: readonly Partial<ChatMessage>[]) =>
    openaiMessages([called, ...messages.map((rest) => ({ role: 'tool', content: '{}', ...rest }) as const)]);

  test('says which call it belongs to, by its id, its name or its place', () => {
    const ids = (...messages: readonly Partial<ChatMessage>[]) =>
      answers(...messages)
        .slice(1)
        .map((message) => (message as { tool_call_id: string }).tool_call_id);
    expect(ids({ toolCallId: 'b' }, { toolName: 'n' })).toEqual(['b', 'a']);
    expect(ids({}, {})).toEqual(['a', 'b']);
    expect(answers({})[0]).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'n', arguments: '{}' } },
        { id: 'b', type: 'function', function: { name: 'm', arguments: '{"q":1}' } },
      ],
    });
  });

  test('to no call is refused', () => {
    expect(() => answers({ toolName: 'saw' })).toThrow(ServerTrouble);
    expect(() => answers({}, {}, {})).toThrow(ServerTrouble);
  });
});
