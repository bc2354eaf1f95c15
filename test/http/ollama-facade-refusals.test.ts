import { expect, test } from 'vitest';
import type { Config } from '../../src/config/settings.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { Workshop } from '../support/workshop.ts';
import { allOf, openOllama, setupOllama } from './ollama-facade-door.ts';

// Frozen, since the client writes into what it is given.
const prompt = Object.freeze({ model: 'tiny', prompt: 'p' });

test.each([
  ['a body without a model', '/api/chat', {}, 'model'],
  ['an empty model', '/api/generate', { model: '', prompt: 'p' }, 'model is missing'],
  [
    'an unknown role',
    '/api/chat',
    { model: 'm', messages: [{ role: 'poet', content: '' }] },
    'messages.0.role',
  ],
  [
    'a format that is neither',
    '/api/generate',
    { ...prompt, format: 'xml' },
    'must be "json" or a JSON schema',
  ],
  ['an option of the wrong kind', '/api/generate', { ...prompt, options: { num_ctx: 'long' } }, 'num_ctx'],
  ['probabilities of tokens', '/api/generate', { ...prompt, logprobs: true }, 'logprobs'],
  ['a priority that is none', '/api/generate', { ...prompt, priority: 11 }, 'priority'],
  ['a duration that is none', '/api/generate', { ...prompt, keep_alive: 'long' }, 'such as "5m"'],
  [
    'an empty text among others',
    '/api/embed',
    { model: 'm', input: ['a', ''] },
    'input.1: must not be empty',
  ],
  ['an image that is none', '/api/generate', { ...prompt, images: ['<svg>'] }, 'images.0'],
])('%s is refused with one sentence', async (_what, path, body, said) => {
  const { post, puppet } = await setupOllama();
  const response = await post(path, body);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: expect.stringContaining(said) });
  expect(puppet.started).toEqual([]);
});

test('what is no JSON, and what is nowhere, is refused in the same shape', async () => {
  const { url } = await setupOllama();
  const broken = await fetch(`${url}/api/chat`, { method: 'POST', body: '{' });
  expect([broken.status, await broken.json()]).toEqual([400, { error: 'the body is not valid JSON' }]);
  const nowhere = await fetch(`${url}/api/nothing`);
  expect([nowhere.status, await nowhere.json()]).toEqual([
    404,
    { error: expect.stringContaining('/api/nothing') },
  ]);
  // Elsewhere refusals keep the shape of REST.
  expect(await (await fetch(`${url}/nothing`)).json()).toMatchObject({ error: { code: 'INVALID_REQUEST' } });
});

test('without the token nothing is answered, and the client reads why', async () => {
  const change = (config: Config): Config => ({ ...config, apiToken: 'let-me-in' });
  const { client, clientWith, puppet } = await setupOllama({ change });
  const refusal = { status_code: 401, message: expect.stringContaining('token') };
  await expect(client.list()).rejects.toMatchObject(refusal);
  await expect(client.generate({ ...prompt })).rejects.toMatchObject(refusal);
  const answer = clientWith({ authorization: 'Bearer let-me-in' }).generate({ ...prompt });
  (await puppet.job(1)).settle(succeeded('x'));
  expect((await answer).response).toBe('x');
});

test('a task that fails is an error with a status, or a line in mid-stream', async () => {
  const { client, puppet, post } = await setupOllama();
  const failure = { code: 'input.refused', message: 'tiny cannot see' } as const;
  const whole = client.generate({ ...prompt });
  (await puppet.job(1)).settle({ kind: 'failed', failure });
  await expect(whole).rejects.toMatchObject({ status_code: 400, message: 'tiny cannot see' });
  const stream = await client.generate({ ...prompt, stream: true });
  const held = await puppet.job(2);
  held.io.onText('half');
  held.settle({ kind: 'failed', failure });
  await expect(allOf(stream)).rejects.toThrow('tiny cannot see');
  const raw = post('/api/generate', prompt);
  (await puppet.job(3)).settle({ kind: 'failed', failure });
  expect([(await raw).status, await (await raw).text()]).toEqual([200, '{"error":"tiny cannot see"}\n']);
});

test('an answer that never fits its format is no answer', async () => {
  const { client, puppet } = await setupOllama();
  const answer = client.generate({ ...prompt, format: 'json' });
  const failure = { code: 'output.invalid', message: 'it is not JSON' } as const;
  (await puppet.job(1)).settle({ kind: 'failed', failure });
  await expect(answer).rejects.toMatchObject({ status_code: 422, message: 'it is not JSON' });
});

test('a client that aborts its stream cancels its task, before the text and in the midst of it', async () => {
  const { client, puppet, task } = await setupOllama();
  for (const [index, text] of ['', 'half'].entries()) {
    const stream = await client.generate({ ...prompt, stream: true });
    const { io, settle } = await puppet.job(index + 1);
    if (text !== '') io.onText(text);
    stream.abort();
    await until(() => expect(io.signal.aborted).toBe(true));
    settle({ kind: 'cancelled' });
    await expect.poll(async () => (await task()).status).toBe('cancelled');
  }
});

test('a client that goes away while it waits for a whole answer cancels its task, unless it is detached', async () => {
  const { url, puppet } = await setupOllama();
  const away = new AbortController();
  const ask = (headers: Record<string, string>) =>
    fetch(`${url}/api/generate`, {
      method: 'POST',
      body: JSON.stringify({ ...prompt, stream: false }),
      headers,
      signal: away.signal,
    }).catch(() => 'gone');
  const stays = ask({ 'x-koubou-detach': 'true' });
  const first = await puppet.job(1);
  const goes = ask({});
  const second = await puppet.job(2);
  away.abort();
  expect(await Promise.all([stays, goes])).toEqual(['gone', 'gone']);
  await until(() => expect(second.io.signal.aborted).toBe(true));
  expect(first.io.signal.aborted).toBe(false);
});

test('the priority comes by header, or beside the prompt, or in the metadata', async () => {
  const { clientWith, post, puppet } = await setupOllama({ workers: [{ maxConcurrentTasks: 10 }] });
  const asked = [
    clientWith({ 'x-koubou-priority': '9' }).generate({ ...prompt }),
    post('/api/generate', { ...prompt, priority: 8 }),
    post('/api/chat', { model: 'm', messages: [{ role: 'user', content: 'q' }], metadata: { priority: 7 } }),
    post('/api/embed', { model: 'm', input: 'q' }),
  ];
  const held = await Promise.all([1, 2, 3, 4].map((n) => puppet.job(n)));
  expect(held.map(({ job }) => job.priority).sort()).toEqual([5, 7, 8, 9]);
  for (const { job, settle } of held) settle(succeeded(job.request?.kind === 'embedding' ? '[[1]]' : 'x'));
  await Promise.all(asked);
});

test('a stream on which nothing comes says every 15 s that it is alive', async () => {
  const puppet = new PuppetBackend();
  const workshop = await new Workshop().open({ backend: puppet.backend });
  const { client } = await openOllama(workshop.runtime, puppet);
  const stream = await workshop.drive(client.generate({ ...prompt, stream: true }));
  const reader = stream[Symbol.asyncIterator]();
  const { settle } = await workshop.drive(puppet.job(1));
  const alive = reader.next();
  await workshop.clock.advance(15_000);
  expect((await workshop.drive(alive)).value).toMatchObject({ model: 'tiny', response: '', done: false });
  settle(succeeded('x'));
  expect((await workshop.drive(reader.next())).value).toMatchObject({ response: 'x', done: false });
  expect((await workshop.drive(reader.next())).value).toMatchObject({ response: '', done: true });
});
