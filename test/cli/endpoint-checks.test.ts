import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkWorkers } from '../../src/cli/endpoint-checks.ts';
import { english } from '../../src/cli/messages-en.ts';
import { load } from '../config/config-folder.ts';
import { onDisposal } from '../support/disposal.ts';
import { startFakeOllama } from '../support/fake-ollama.ts';
import { startFakeOpenai } from '../support/fake-openai.ts';

const words = english.doctor;

/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9';

async function fakeOpenai() {
  const fake = await startFakeOpenai();
  onDisposal(() => fake.close());
  return fake;
}

async function fakeOllama() {
  const fake = await startFakeOllama({ models: ['tiny:latest'] });
  onDisposal(() => fake.close());
  return fake;
}

function check(...entries: readonly object[]) {
  const list = entries.map((entry, index) => ({ worker_id: `w${index + 1}`, ...entry }));
  return checkWorkers(words, load({ workers: JSON.stringify({ workers: { local_workers: list } }) }));
}

test('a server of the OpenAI protocol is right when it lists the model, and gets the key', async () => {
  const fake = await fakeOpenai();
  const entry = { backend: 'openai', server_host: fake.url, api_key: 'k-1', model: 'tiny' };
  expect(await check(entry)).toEqual([
    { check: 'worker w1', state: 'ok', detail: `${fake.baseUrl}, tiny`, advice: null },
  ]);
  expect(fake.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ['/v1/models', 'Bearer k-1'],
  ]);
});

test('a model that it does not list is a warning with those that it has: some take any name', async () => {
  const fake = await fakeOpenai();
  const [finding] = await check({ backend: 'openai', server_host: fake.url, model: 'big' });
  expect(finding).toMatchObject({ state: 'warning', advice: words.openaiModelAdvice });
  expect(finding?.detail).toBe(`${words.modelMissing(fake.baseUrl, 'big')} (tiny)`);
});

test('one that lists nothing leaves the question open', async () => {
  const fake = await fakeOpenai();
  fake.models = (response) => void response.end('[]');
  const [finding] = await check({ backend: 'openai', server_host: fake.url, model: 'tiny' });
  expect(finding).toMatchObject({
    state: 'warning',
    detail: `${fake.baseUrl}, tiny: ?`,
    advice: words.modelsUntold('tiny'),
  });
});

test('one that is not there is broken, and nobody is told to start Ollama', async () => {
  const [finding] = await check({ backend: 'openai', server_host: nowhere, api_key: 'hush' });
  expect(finding).toMatchObject({ state: 'broken', detail: expect.stringContaining('ECONNREFUSED') });
  expect(JSON.stringify(finding)).not.toMatch(/ollama serve|hush/);
  expect(finding?.advice).toBe(words.openaiAdvice(`${nowhere}/v1`));
});

test('a server that several share is asked once, but once for each key', async () => {
  const fake = await fakeOpenai();
  const entry = { backend: 'openai', server_host: fake.url, model: 'tiny' };
  const findings = await check(entry, entry, { ...entry, api_key: 'k-1' });
  expect(findings.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
  expect(fake.requests).toHaveLength(2);
});

test('a program must be there, and so must the Ollama server that it uses', async () => {
  const { url } = await fakeOllama();
  const entry = { backend: 'gemini-repo-cli', server_host: url, model: 'tiny' };
  // Any program will do: it is only started.
  const there = { ...entry, command: process.execPath };
  const missing = { ...entry, command: fileURLToPath(new URL('no-such-program', import.meta.url)) };
  const [right, noProgram, noServer] = await check(there, missing, { ...there, server_host: nowhere });
  expect(right).toMatchObject({ state: 'ok', detail: `${url}, tiny` });
  expect(noProgram).toMatchObject({
    state: 'broken',
    detail: expect.stringMatching(/no-such-program ENOENT/),
    advice: words.programAdvice(missing.command),
  });
  expect(noServer).toMatchObject({
    state: 'broken',
    detail: expect.stringContaining('does not answer'),
    advice: words.endpointAdvice(nowhere),
  });
});

test('a demo worker asks nobody', async () => {
  expect(await check({ backend: 'demo', server_host: nowhere })).toEqual([
    { check: 'worker w1', state: 'ok', detail: words.demoWorker, advice: null },
  ]);
});
