import { expect, test } from 'vitest';
import { succeeded } from '../support/running-server.ts';
import { allOf, setupOllama, usage } from './ollama-facade-door.ts';

const messages = [
  { role: 'system', content: 'be brief' },
  { role: 'user', content: 'why is the sky blue?' },
];

test('a conversation is answered whole, with the counts of the backend and times in ns', async () => {
  const { client, puppet, task } = await setupOllama();
  const answer = client.chat({ model: 'tiny', messages });
  const { job, settle } = await puppet.job(1);
  expect(job).toMatchObject({
    model: 'tiny',
    prompt: 'why is the sky blue?',
    request: { kind: 'chat', messages },
  });
  settle({ kind: 'succeeded', output: 'because', usage });
  const said = await answer;
  expect(said).toMatchObject({
    model: 'tiny',
    message: { role: 'assistant', content: 'because' },
    done: true,
    done_reason: 'stop',
    total_duration: 5_000_000,
    load_duration: 1_000_000,
    prompt_eval_count: 7,
    prompt_eval_duration: 1_500_000,
    eval_count: 3,
    eval_duration: 2_500_000,
    koubou: { worker_id: 'worker_1', model: 'tiny:latest', attempts: 1 },
  });
  expect(Number.isNaN(Date.parse(String(said.created_at)))).toBe(false);
  expect(await task()).toMatchObject({ status: 'completed', metadata: { created_by: 'ollama' } });
});

test('a conversation is told piece by piece, and the last piece has the counts', async () => {
  const { client, puppet } = await setupOllama();
  const stream = await client.chat({ model: 'tiny', messages, stream: true });
  const { io, settle } = await puppet.job(1);
  const reader = stream[Symbol.asyncIterator]();
  io.onText('be');
  expect((await reader.next()).value).toMatchObject({ message: { content: 'be' }, done: false });
  io.onText('cause');
  expect((await reader.next()).value).toMatchObject({ message: { content: 'cause' }, done: false });
  settle({ kind: 'succeeded', output: 'because', usage });
  expect((await reader.next()).value).toMatchObject({
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'stop',
    eval_count: 3,
  });
  expect((await reader.next()).done).toBe(true);
});

test('what no backend counted is left out, and what it cut short says so', async () => {
  const { client, puppet } = await setupOllama();
  const first = client.generate({ model: 'tiny', prompt: 'p' });
  (await puppet.job(1)).settle(succeeded('bare'));
  expect(Object.keys(await first).sort()).toEqual([
    'created_at',
    'done',
    'done_reason',
    'koubou',
    'model',
    'response',
  ]);
  const second = client.generate({ model: 'tiny', prompt: 'p' });
  (await puppet.job(2)).settle({
    kind: 'succeeded',
    output: 'cu',
    usage: { ...usage, doneReason: 'length' },
  });
  expect(await second).toMatchObject({ response: 'cu', done_reason: 'length' });
});

test('a prompt is answered, streamed and whole; one without anything beside it any worker can take', async () => {
  const { client, puppet, post, task } = await setupOllama();
  const stream = await client.generate({ model: 'tiny', prompt: 'p', system: 's', raw: true, stream: true });
  const held = await puppet.job(1);
  expect(held.job).toMatchObject({ prompt: 'p', request: { kind: 'completion', system: 's', raw: true } });
  held.io.onText('工');
  held.settle(succeeded('工房'));
  const pieces = await allOf(stream);
  expect(pieces.map(({ response }) => response).join('')).toBe('工房');
  expect(pieces.at(-1)).toMatchObject({ done: true });
  // Ollama streams where nothing is said.
  const response = post('/api/generate', { model: 'tiny', prompt: 'q' });
  const plain = await puppet.job(2);
  expect(plain.job.request).toBeNull();
  plain.settle(succeeded('x'));
  const { headers } = await response;
  expect(headers.get('content-type')).toBe('application/x-ndjson');
  expect(headers.get('x-koubou-task-id')).toBe((await task()).task_id);
  expect(
    (await (await response).text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { response: 'x', done: false },
    { response: '', done: true },
  ]);
});

test('tools reach the model, and its calls the client, streamed and whole', async () => {
  const { client, puppet } = await setupOllama();
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const tools = [{ type: 'function', function: { name: 'weather', description: 'of a city', parameters } }];
  const reply = {
    thinking: 'I should look',
    toolCalls: [{ id: 'c1', name: 'weather', arguments: '{"city":"京都"}' }],
  };
  const called = { name: 'weather', arguments: { city: '京都' } };
  const whole = client.chat({ model: 'tiny', messages, tools });
  const first = await puppet.job(1);
  expect(first.job.request).toMatchObject({
    tools: [{ name: 'weather', description: 'of a city', parameters }],
  });
  first.settle({ kind: 'succeeded', output: '', usage, reply });
  expect((await whole).message).toMatchObject({
    content: '',
    thinking: 'I should look',
    tool_calls: [{ function: called }],
  });
  const stream = await client.chat({ model: 'tiny', messages, tools, stream: true });
  (await puppet.job(2)).settle({ kind: 'succeeded', output: '', usage, reply });
  const pieces = await allOf(stream);
  expect(pieces).toMatchObject([
    { message: { thinking: 'I should look', tool_calls: [{ function: called }] }, done: false },
    { done: true, done_reason: 'stop' },
  ]);
});

test('a call whose arguments are no object is a failure, not another call', async () => {
  const { client, puppet } = await setupOllama();
  const reply = { toolCalls: [{ id: 'c1', name: 'weather', arguments: '{"city":' }] };
  const whole = client.chat({ model: 'tiny', messages });
  (await puppet.job(1)).settle({ kind: 'succeeded', output: '', usage, reply });
  await expect(whole).rejects.toMatchObject({
    status_code: 502,
    message: expect.stringContaining('weather'),
  });
});

test('format, think, keep_alive and options go with the task; what is null does not', async () => {
  const { client, puppet, post } = await setupOllama();
  const schema = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] };
  const answer = client.chat({
    model: 'tiny',
    messages,
    format: schema,
    think: 'low',
    keep_alive: '5m',
    options: { num_ctx: 4_096, temperature: 0.5, mirostat: 1 },
  });
  const { job, settle } = await puppet.job(1);
  expect(job.format).toEqual(schema);
  expect(job.sampling).toMatchObject({
    num_ctx: 4_096,
    temperature: 0.5,
    mirostat: 1,
    think: 'low',
    keep_alive: '5m',
  });
  settle(succeeded('{"age":3}'));
  expect(JSON.parse((await answer).message.content)).toEqual({ age: 3 });
  const options = { seed: null, top_k: 3, model: 'other' };
  const second = post('/api/generate', { model: 'koubou', prompt: 'p', format: '', think: null, options });
  const { job: bare, settle: end } = await puppet.job(2);
  expect([bare.format, bare.sampling['top_k'], 'seed' in bare.sampling]).toEqual([null, 3, false]);
  expect(bare.model).not.toBe('other');
  end(succeeded('x'));
  await second;
});

test('vectors come back for one text and for several, and by the older name', async () => {
  const { client, puppet } = await setupOllama();
  const one = client.embed({ model: 'tiny', input: 'a', dimensions: 2 });
  const first = await puppet.job(1);
  expect(first.job.request).toEqual({ kind: 'embedding', inputs: ['a'], dimensions: 2 });
  first.settle({ kind: 'succeeded', output: '[[0.1,0.2]]', usage });
  expect(await one).toMatchObject({ model: 'tiny', embeddings: [[0.1, 0.2]], prompt_eval_count: 7 });
  expect(await one).not.toHaveProperty('eval_count');
  const two = client.embed({ model: 'tiny', input: ['a', 'b'] });
  (await puppet.job(2)).settle(succeeded('[[1],[2]]'));
  expect((await two).embeddings).toEqual([[1], [2]]);
  const older = client.embeddings({ model: 'tiny', prompt: 'a' });
  (await puppet.job(3)).settle(succeeded('[[3]]'));
  expect(await older).toEqual({ embedding: [3] });
  const garbage = client.embed({ model: 'tiny', input: 'a' });
  (await puppet.job(4)).settle(succeeded('no vectors'));
  await expect(garbage).rejects.toMatchObject({ status_code: 502 });
});

test('a request that says nothing has a model loaded or unloaded, without a task', async () => {
  const { client, puppet } = await setupOllama();
  expect(await client.generate({ model: 'tiny', prompt: '' })).toMatchObject({
    response: '',
    done: true,
    done_reason: 'load',
  });
  expect(await client.chat({ model: 'tiny', messages: [], keep_alive: 0 })).toMatchObject({
    message: { role: 'assistant', content: '' },
    done_reason: 'unload',
  });
  expect(await allOf(await client.chat({ model: 'tiny', stream: true }))).toMatchObject([
    { done: true, done_reason: 'load' },
  ]);
  expect(await client.embed({ model: 'tiny', input: '' })).toEqual({ model: 'tiny', embeddings: [] });
  expect(await client.embeddings({ model: 'tiny', prompt: '' })).toEqual({ embedding: [] });
  expect(puppet.started).toEqual([]);
});
