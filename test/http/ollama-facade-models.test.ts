import { expect, test } from 'vitest';
import type { Sighting } from '../../src/machines/sighting.ts';
import { version } from '../../src/version.ts';
import { until } from '../support/until.ts';
import { type OllamaDoor, setupOllama } from './ollama-facade-door.ts';

const sighting: Sighting = {
  models: [
    { name: 'tiny:latest', sizeBytes: 1_000, contextTokensMax: 4_096 },
    { name: 'large:70b', sizeBytes: null, contextTokensMax: null },
  ],
  residents: [{ name: 'tiny:latest', memoryBytes: 1_500, contextTokens: 2_048 }],
};

/** A door whose workers have been looked at. */
async function sighted(setUp: Parameters<typeof setupOllama>[0] = {}): Promise<OllamaDoor> {
  const door = await setupOllama({ sighting, ...setUp });
  await until(() => expect(door.runtime.workers().every(({ models }) => models !== null)).toBe(true));
  return door;
}

test('the list has what the workers have, what the model file names, and the pool itself', async () => {
  const { client, runtime } = await sighted();
  const { models } = await client.list();
  const names = models.map(({ name }) => name);
  expect(names[0]).toBe('koubou');
  expect(names).toEqual(
    expect.arrayContaining(['tiny:latest', 'large:70b', runtime.config.models.defaultModel]),
  );
  expect(new Set(names).size).toBe(names.length);
  const tiny = models.find(({ name }) => name === 'tiny:latest');
  expect(tiny).toMatchObject({ model: 'tiny:latest', size: 1_000, details: { families: ['koubou'] } });
  expect(tiny?.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(models.find(({ name }) => name === 'large:70b')).not.toHaveProperty('size');
});

test('what lies in memory is shown once for each model, over all servers', async () => {
  const one = { endpointUrl: 'http://10.0.0.1:11434' };
  const { client } = await sighted({ workers: [one, one, { endpointUrl: 'http://10.0.0.2:11434' }] });
  // Two of the three share a server.
  expect((await client.ps()).models).toMatchObject([
    { name: 'tiny:latest', size: 3_000, size_vram: 3_000, context_length: 2_048 },
  ]);
});

test('a model is shown with what is known of it, and what is unknown is left out', async () => {
  const { client, runtime, post } = await sighted();
  expect(await client.show({ model: 'tiny' })).toMatchObject({
    model_info: { 'general.architecture': 'koubou', 'koubou.context_length': 4_096 },
    capabilities: ['completion', 'tools'],
  });
  const { model_info: large } = await client.show({ model: 'large:70b' });
  expect(large).toEqual({ 'general.architecture': 'koubou' });
  const entry = Object.values(runtime.config.models.catalog)[0];
  const [option, value] = Object.entries(entry?.options ?? {})[0] ?? [];
  expect((await client.show({ model: entry?.name ?? '' })).parameters).toContain(`${option} ${value}`);
  expect(await client.show({ model: 'koubou' })).toMatchObject({ capabilities: ['completion', 'tools'] });
  const older = await post('/api/show', { name: 'tiny' });
  expect(await older.json()).toMatchObject({ model_info: { 'koubou.context_length': 4_096 } });
});

test('a model that no server has is not found, in the words that clients look for', async () => {
  const { client } = await sighted();
  const notFound = { status_code: 404, message: "model 'gone' not found" };
  await expect(client.show({ model: 'gone' })).rejects.toMatchObject(notFound);
  await expect(client.generate({ model: 'gone', prompt: 'p' })).rejects.toMatchObject(notFound);
  await expect(client.chat({ model: 'gone', stream: true })).rejects.toMatchObject(notFound);
  await expect(client.embed({ model: 'gone', input: 'p' })).rejects.toMatchObject(notFound);
});

test('where a server does not say what it has, any model may be there', async () => {
  const { client, puppet } = await setupOllama();
  expect(await client.show({ model: 'perhaps' })).toMatchObject({ capabilities: ['completion', 'tools'] });
  const stream = client.generate({ model: 'perhaps', prompt: 'p' });
  (await puppet.job(1)).settle({ kind: 'failed', failure: { code: 'model.unknown', message: 'pull it' } });
  await expect(stream).rejects.toMatchObject({
    status_code: 404,
    message: "model 'perhaps' not found: pull it",
  });
});

test('the version is one that clients of Ollama can compare, with our own beside it', async () => {
  const { client } = await setupOllama();
  expect(await client.version()).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    koubou: version,
  });
});

test('nothing here pulls, pushes, makes, copies or deletes a model', async () => {
  const { client } = await setupOllama();
  const refusal = { status_code: 501, message: expect.stringContaining('does not change models') };
  await expect(client.pull({ model: 'm' })).rejects.toMatchObject(refusal);
  await expect(client.push({ model: 'm', stream: true })).rejects.toMatchObject(refusal);
  await expect(client.create({ model: 'm', from: 'n' })).rejects.toMatchObject(refusal);
  await expect(client.copy({ source: 'm', destination: 'n' })).rejects.toMatchObject(refusal);
  await expect(client.delete({ model: 'm' })).rejects.toMatchObject(refusal);
});

test('who looks whether Ollama is there hears that it is', async () => {
  const { url } = await setupOllama();
  const got = await fetch(`${url}/`);
  expect([got.status, await got.text()]).toEqual([200, 'Ollama is running']);
  expect((await fetch(`${url}/`, { method: 'HEAD' })).status).toBe(200);
});
