import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import { ollamaBackend } from '../../src/actors/ollama-backend.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { type FakeOllama, startFakeOllama } from '../support/fake-ollama.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let fake: FakeOllama;

beforeEach(async () => {
  fake = await startFakeOllama();
});

afterEach(() => fake.close());

function run(job: Partial<Job>): Promise<Outcome> {
  return ollamaBackend({ host: fake.url })(makeJob({ prompt: 'Saw it.', ...job }), recordedIo());
}

/** What went over the wire, besides what every request has. */
function sent(): object {
  const { path, body } = fake.generations.at(-1) ?? {};
  const { model, truncate, ...rest } = body ?? {};
  expect({ model, truncate }).toEqual({ model: 'tiny', truncate: false });
  return { path, ...rest };
}

test('what stands beside the options for Ollama is lifted out of them', async () => {
  const sampling = { temperature: 0, think: 'low', keep_alive: '10m' };
  await run({ sampling, format: 'json' });
  expect(sent()).toEqual({
    path: '/api/generate',
    prompt: 'Saw it.',
    options: { temperature: 0 },
    think: 'low',
    keep_alive: '10m',
    format: 'json',
    stream: true,
  });
  await run({ sampling: { think: false, keep_alive: 0 } });
  expect(sent()).toMatchObject({ think: false, keep_alive: 0 });
});

test('a completion has all that may stand beside a prompt', async () => {
  const request = {
    kind: 'completion',
    system: 's',
    template: 't',
    suffix: 'x',
    raw: true,
    images: ['aGk='],
  } as const;
  await run({ request });
  const { kind: _, ...said } = request;
  expect(sent()).toEqual({ path: '/api/generate', prompt: 'Saw it.', options: {}, stream: true, ...said });
});

test('a conversation has its pictures, calls, answers of tools, tools and format', async () => {
  const format = { type: 'object' };
  await run({
    format,
    request: {
      kind: 'chat',
      messages: [
        { role: 'user', content: 'a', images: ['aGk='] },
        { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'n', arguments: '{"q":1}' }] },
        { role: 'tool', content: '{}', toolCallId: 'c' },
      ],
      tools: [{ name: 'n', description: 'd', parameters: { type: 'object' } }, { name: 'm' }],
    },
  });
  expect(sent()).toEqual({
    path: '/api/chat',
    messages: [
      { role: 'user', content: 'a', images: ['aGk='] },
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'c', function: { name: 'n', arguments: { q: 1 } } }],
      },
      { role: 'tool', content: '{}', tool_name: 'n', tool_call_id: 'c' },
    ],
    tools: [
      { type: 'function', function: { name: 'n', description: 'd', parameters: { type: 'object' } } },
      { type: 'function', function: { name: 'm', parameters: { type: 'object', properties: {} } } },
    ],
    format,
    options: {},
    stream: true,
  });
});

test('of the tools it is told those that may be called', async () => {
  const request = {
    kind: 'chat',
    messages: [{ role: 'user', content: 'a' }],
    tools: [{ name: 'n' }, { name: 'm' }],
  } as const;
  await run({ request: { ...request, toolChoice: 'none' } });
  expect(sent()).not.toHaveProperty('tools');
  await run({ request: { ...request, toolChoice: { name: 'm' } } });
  expect(sent()).toMatchObject({ tools: [{ function: { name: 'm' } }] });
});

test('a call in the conversation whose arguments are no object is refused, and nobody is asked', async () => {
  const toolCalls = [{ id: 'c', name: 'n', arguments: '[' }];
  const outcome = await run({
    request: { kind: 'chat', messages: [{ role: 'assistant', content: '', toolCalls }] },
  });
  expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
  expect(fake.requests).toEqual([]);
});

test('texts for vectors go out with their options, and are never cut in silence', async () => {
  await run({
    request: { kind: 'embedding', inputs: ['oak', 'ash'], dimensions: 3 },
    sampling: { num_ctx: 512, keep_alive: 5, think: true },
  });
  expect(sent()).toEqual({
    path: '/api/embed',
    input: ['oak', 'ash'],
    options: { num_ctx: 512 },
    keep_alive: 5,
    dimensions: 3,
  });
});

test('a picture that reads like the path of a file is sent as it is, and the file stays unread', async () => {
  const path = `${temporaryFolder()}/secret`;
  writeFileSync(path, 'secret');
  await run({ request: { kind: 'chat', messages: [{ role: 'user', content: 'a', images: [path] }] } });
  expect(sent()).toMatchObject({ messages: [{ images: [path] }] });
  await run({ request: { kind: 'completion', images: [path] } });
  expect(sent()).toMatchObject({ images: [path] });
});
