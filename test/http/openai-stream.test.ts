import { APIError, type OpenAI } from 'openai';
import { expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { failed, retry } from '../../src/machines/outcome.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRuntime } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { Workshop } from '../support/workshop.ts';
import { answered, type OpenAiWorld, setupOpenAi } from './openai-client.ts';

type Chunk = OpenAI.ChatCompletionChunk;

const body: OpenAI.ChatCompletionCreateParamsStreaming = {
  model: 'koubou',
  messages: [{ role: 'user', content: 'Count.' }],
  stream: true,
  stream_options: { include_usage: true },
};

const textOf = (chunks: readonly Chunk[]) =>
  chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('');

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const told: T[] = [];
  for await (const each of stream) told.push(each);
  return told;
}

/** What a stream told before it ended with an error. */
async function untilError(stream: AsyncIterable<Chunk>): Promise<{ told: string; error: APIError }> {
  const chunks: Chunk[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch (error) {
    return { told: textOf(chunks), error: error as APIError };
  }
  throw new Error('the stream ended without an error');
}

test('the text comes as it is generated, then the reason of its end, then the counts', async () => {
  const { client, puppet } = await setupOpenAi();
  const stream = await client.chat.completions.create(body);
  const reader = stream[Symbol.asyncIterator]();
  const { job, io, settle } = await puppet.job(1);
  io.onText('one ');
  expect((await reader.next()).value).toMatchObject({ choices: [{ delta: { role: 'assistant' } }] });
  expect((await reader.next()).value).toMatchObject({
    id: `chatcmpl-${job.taskId}`,
    model: job.model,
    system_fingerprint: 'worker_1',
    choices: [{ delta: { content: 'one ' } }],
    usage: null,
  });
  io.onText('two');
  settle(answered('one two'));
  const rest = await all({ [Symbol.asyncIterator]: () => reader });
  expect(textOf(rest)).toBe('two');
  expect(rest.at(-2)?.choices[0]?.finish_reason).toBe('stop');
  expect(rest.at(-1)).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  });
});

test('an answer that came without pieces is told in one', async () => {
  const { client } = await setupOpenAi({ backend: async () => answered('all at once') });
  expect(textOf(await all(await client.chat.completions.create(body)))).toBe('all at once');
});

test('tools that are called in a stream come together as one call each', async () => {
  const toolCalls = [
    { id: 'c1', name: 'add', arguments: '{"a":1}' },
    { id: 'c2', name: 'add', arguments: '{"a":2}' },
  ];
  const { client } = await setupOpenAi({ backend: async () => answered('', { toolCalls }) });
  const { choices } = await client.chat.completions
    .stream({ ...body, tools: [{ type: 'function', function: { name: 'add', parameters: {} } }] })
    .finalChatCompletion();
  expect(choices[0]?.finish_reason).toBe('tool_calls');
  expect(choices[0]?.message.tool_calls).toMatchObject(
    toolCalls.map(({ id, name, arguments: written }) => ({ id, function: { name, arguments: written } })),
  );
});

test('a retry before the first text is invisible', async () => {
  const { client, puppet } = await setupOpenAi();
  const stream = await client.chat.completions.create(body);
  (await puppet.job(1)).settle(retry('backend.cut', 'cut'));
  (await puppet.job(2)).settle(answered('fine'));
  expect(textOf(await all(stream))).toBe('fine');
});

test('a retry that repeats what was told goes on where the first attempt broke off', async () => {
  const { client, puppet } = await setupOpenAi();
  const stream = await client.chat.completions.create(body);
  const first = await puppet.job(1);
  first.io.onText('one tw');
  first.settle(retry('backend.cut', 'cut'));
  const second = await puppet.job(2);
  for (const piece of ['on', 'e two', ' three']) second.io.onText(piece);
  second.settle(answered('one two three'));
  expect(textOf(await all(stream))).toBe('one two three');
});

test('two answers are never joined: a retry that says something else ends the stream, and the task goes on', async () => {
  const { client, puppet, runtime } = await setupOpenAi();
  const stream = await client.chat.completions.create(body);
  const first = await puppet.job(1);
  first.io.onText('one tw');
  first.settle(retry('backend.cut', 'cut'));
  const second = await puppet.job(2);
  second.io.onText('uno');
  const { told, error } = await untilError(stream);
  expect(told).toBe('one tw');
  expect(error).toBeInstanceOf(APIError);
  expect(error).toMatchObject({ code: 'worker_unavailable', type: 'server_error' });
  expect(error.message).toContain(first.job.taskId);
  second.settle(answered('uno dos'));
  await until(() => expect(runtime.task(first.job.taskId).result?.output).toBe('uno dos'));
});

test('a failure after the beginning of the stream is its last event, and no [DONE] follows', async () => {
  const { post, puppet } = await setupOpenAi();
  const response = await post('/v1/chat/completions', body);
  const { io, settle } = await puppet.job(1);
  io.onText('one');
  settle(failed('output.invalid', 'no JSON'));
  const frames = (await response.text()).trim().split('\n\n');
  expect(JSON.parse(frames.at(-1)?.replace('data: ', '') ?? '')).toEqual({
    error: { message: 'no JSON', type: 'invalid_request_error', param: null, code: 'output_invalid' },
  });
});

test('the older endpoint streams, too, and echoes the prompt first', async () => {
  const { client } = await setupOpenAi({ backend: async () => answered(' upon a time') });
  const stream = await client.completions.create({
    model: 'koubou',
    prompt: 'Once',
    echo: true,
    stream: true,
  });
  const chunks = await all(stream);
  expect(chunks.map(({ choices: [choice] }) => choice?.text).join('')).toBe('Once upon a time');
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
});

async function leave(world: OpenAiWorld, headers: Record<string, string> = {}) {
  const stream = await world.client.chat.completions.create(body, { headers });
  const held = await world.puppet.job(1);
  held.io.onText('one');
  for await (const _ of stream) break; // the client hangs up
  return held;
}

test('a client that leaves a stream cancels its task, and the generation stops', async () => {
  const world = await setupOpenAi();
  const { job, io } = await leave(world);
  await until(() => expect(world.runtime.task(job.taskId).status).toBe('cancelled'));
  expect(io.signal.aborted).toBe(true);
});

test('a client that aborts a request cancels its task', async () => {
  const { client, puppet, runtime } = await setupOpenAi();
  const abort = new AbortController();
  const asking = client.chat.completions.create(
    { ...body, stream: false, stream_options: null },
    { signal: abort.signal },
  );
  const { job } = await puppet.job(1);
  abort.abort();
  await expect(asking).rejects.toThrow('aborted');
  await until(() => expect(runtime.task(job.taskId).status).toBe('cancelled'));
});

test.each([
  ['a header says so', { 'x-koubou-detach': 'true' }, 'cancel'],
  ['it can come back with its key', { 'idempotency-key': 'k' }, 'cancel'],
  ['the setting says so', {}, 'detach'],
] as const)('the task of a client that leaves goes on where %s', async (_why, headers, clientGone) => {
  const world = await setupOpenAi({
    change: (config) => ({ ...config, server: { ...config.server, clientGone } }),
  });
  const { job, settle } = await leave(world, headers);
  await until(() => expect(world.runtime.stream.followers).toBe(0));
  settle(answered('one two'));
  await until(() => expect(world.runtime.task(job.taskId).status).toBe('completed'));
});

test('a stream is told every 15 s that it still waits, and when the server stops', async () => {
  const shop = await new Workshop().open({ backend: new PuppetBackend().backend });
  const app = createApp(shop.runtime, { error: () => undefined });
  const response = await shop.drive(
    Promise.resolve(app.request('/v1/chat/completions', { method: 'POST', body: JSON.stringify(body) })),
  );
  const text = response.text();
  await shop.clock.advance(31_000);
  await shop.drive(shop.runtime.drain());
  const frames = (await shop.drive(text)).trim().split('\n\n');
  expect(frames.slice(0, 2)).toEqual([': keep-alive', ': keep-alive']);
  expect(frames).toHaveLength(3);
  expect(JSON.parse(frames[2]?.replace('data: ', '') ?? '')).toMatchObject({
    error: { code: 'pool_draining' },
  });
});

test('who waits for an answer when the server stops is told when to come back, and the task is kept', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend });
  const app = createApp(runtime, { error: () => undefined });
  const asking = app.request('/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ ...body, stream: false }),
  });
  const { job } = await puppet.job(1);
  await runtime.drain();
  const response = await asking;
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await response.json()).toMatchObject({ error: { code: 'pool_draining', type: 'server_error' } });
  expect(runtime.task(job.taskId).ended_at).toBeNull();
});
