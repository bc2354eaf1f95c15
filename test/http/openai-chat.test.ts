import type { ChatCompletionCreateParams, ChatCompletionMessageParam } from 'openai/resources/chat';
import { expect, test } from 'vitest';
import type { TaskId } from '../../src/machines/identifiers.ts';
import type { Held } from '../support/puppet-backend.ts';
import { succeeded } from '../support/running-server.ts';
import { answered, type OpenAiWorld, setupOpenAi } from './openai-client.ts';

const question: ChatCompletionMessageParam[] = [{ role: 'user', content: 'Why is the sky blue?' }];

const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'tells it',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
} as const;

/** Asks, and has a look at the job before it is answered. */
async function ask(
  world: OpenAiWorld,
  body: Partial<ChatCompletionCreateParams>,
  outcome = answered('Rayleigh.'),
) {
  const asking = world.client.chat.completions.create({
    model: 'koubou',
    messages: question,
    ...body,
    stream: false,
  });
  const { job, settle } = await world.puppet.job(world.puppet.started.length + 1);
  settle(outcome);
  return { job, answer: await asking };
}

test('a question is answered, with the counts of the backend and the task to look it up by', async () => {
  const world = await setupOpenAi();
  const { answer, job } = await ask(world, {});
  expect(answer).toMatchObject({
    id: `chatcmpl-${job.taskId}`,
    object: 'chat.completion',
    model: 'qwen3:8b',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Rayleigh.' },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    system_fingerprint: 'worker_1',
  });
  expect(world.runtime.task(job.taskId)).toMatchObject({
    status: 'completed',
    prompt: 'Why is the sky blue?',
    metadata: { created_by: 'openai', options: {} },
  });
});

test('the headers of an answer name its task', async () => {
  const world = await setupOpenAi({ backend: async () => answered('yes') });
  const { response } = await world.client.chat.completions
    .create({ model: 'koubou', messages: question })
    .withResponse();
  const id = response.headers.get('x-koubou-task-id') as TaskId;
  expect(world.runtime.task(id).status).toBe('completed');
  expect(response.headers.get('location')).toBe(`/task/${id}`);
});

test('what nobody counted is not told as a count', async () => {
  const world = await setupOpenAi();
  const { answer } = await ask(world, {}, succeeded('yes'));
  expect(answer).not.toHaveProperty('usage');
  expect(answer.model).toBe('koubou');
});

test('one question is a plain prompt, which every worker can take', async () => {
  const world = await setupOpenAi();
  const { job } = await ask(world, {});
  expect(job).toMatchObject({ prompt: 'Why is the sky blue?', request: null, format: null });
});

test('a conversation with pictures, tools and their answers reaches the worker', async () => {
  const world = await setupOpenAi();
  const { job } = await ask(world, {
    tools: [weather],
    tool_choice: { type: 'function', function: { name: 'weather' } },
    messages: [
      { role: 'developer', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Where is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Kyoto"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'rain' },
    ],
  });
  expect(job.prompt).toBe('rain');
  expect(job.request).toEqual({
    kind: 'chat',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Where is this?', images: ['iVBORw0KGgo='] },
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'c1', name: 'weather', arguments: '{"city":"Kyoto"}' }],
      },
      { role: 'tool', content: 'rain', toolCallId: 'c1', toolName: 'weather' },
    ],
    tools: [{ name: 'weather', description: 'tells it', parameters: weather.function.parameters }],
    toolChoice: { name: 'weather' },
  });
});

test('options reach the worker under the names of Ollama, and model names the model', async () => {
  const world = await setupOpenAi();
  const { job } = await ask(world, {
    model: 'qwen3:8b',
    temperature: 0.1,
    top_p: 0.5,
    seed: 7,
    stop: ['END'],
    presence_penalty: 0.2,
    frequency_penalty: null,
    max_tokens: 5,
    max_completion_tokens: 9,
    reasoning_effort: 'minimal',
  });
  expect(job.model).toBe('qwen3:8b');
  expect(job.sampling).toMatchObject({
    temperature: 0.1,
    top_p: 0.5,
    seed: 7,
    stop: ['END'],
    presence_penalty: 0.2,
    num_predict: 9,
    think: 'low',
  });
  expect(job.sampling).not.toHaveProperty('frequency_penalty');
  expect(world.runtime.task(job.taskId).metadata['options']).toMatchObject({ model: 'qwen3:8b' });
});

test.each(['koubou', 'auto', ''])('the model %j leaves the choice to the pool', async (model) => {
  const world = await setupOpenAi();
  const { job } = await ask(world, { model });
  expect(world.runtime.task(job.taskId).metadata['options']).not.toHaveProperty('model');
});

test.each([
  [{ type: 'text' } as const, null],
  [{ type: 'json_object' } as const, 'json'],
  [
    { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } } as const,
    { type: 'object' },
  ],
])('response_format %j is the format of the task', async (format, wanted) => {
  const world = await setupOpenAi();
  const { job } = await ask(world, { response_format: format }, answered('{}'));
  expect(job.format).toEqual(wanted);
});

test('called tools are told as OpenAI tells them, and why the answer ends there', async () => {
  const world = await setupOpenAi();
  const toolCalls = [{ id: 'c1', name: 'weather', arguments: '{}' }];
  const { answer } = await ask(world, { tools: [weather] }, answered('', { toolCalls, thinking: 'Hm.' }));
  expect(answer.choices[0]).toMatchObject({
    finish_reason: 'tool_calls',
    message: {
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{}' } }],
      reasoning_content: 'Hm.',
    },
  });
});

test.each([
  ['length', 'length'],
  ['content_filter', 'content_filter'],
  ['eos', 'stop'],
])('an answer that ended with %s finishes with %s', async (doneReason, finish) => {
  const world = await setupOpenAi();
  const { answer } = await ask(world, {}, answered('cut', undefined, doneReason));
  expect(answer.choices[0]?.finish_reason).toBe(finish);
});

test.each([
  [{ 'x-koubou-priority': '9', 'x-koubou-type': 'code' }, { priority: 2 }, 9, 'code_generation'],
  [{}, { priority: '8', type: 'translation' }, 8, 'translation'],
  [{}, { priority: 7, type: 'invoice' }, 7, 'general'],
  [{}, {}, 5, 'general'],
])('with the headers %j and the metadata %j a task has priority %i and type %s', async (...row) => {
  const [headers, metadata, priority, type] = row;
  const world = await setupOpenAi();
  const body = { model: 'koubou', messages: question, metadata: metadata as Record<string, string> };
  const asking = world.client.chat.completions.create(body, { headers });
  const { job, settle }: Held = await world.puppet.job(1);
  expect(world.runtime.task(job.taskId)).toMatchObject({ priority, type });
  settle(answered('yes'));
  await asking;
});

test('the same key twice is one task', async () => {
  const world = await setupOpenAi({ backend: async () => answered('once') });
  const create = () =>
    world.client.chat.completions.create(
      { model: 'koubou', messages: question },
      { headers: { 'idempotency-key': 'k1' } },
    );
  const first = await create();
  expect(await create()).toEqual(first);
});
