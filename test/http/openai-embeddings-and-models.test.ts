import { BadRequestError, InternalServerError, NotFoundError } from 'openai';
import { expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import { openAiLimits } from '../../src/machines/openai-limits.ts';
import { noUsage } from '../../src/machines/outcome.ts';
import { succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { answered, setupOpenAi } from './openai-client.ts';

const sighting = {
  models: [{ name: 'nomic-embed-text:latest', sizeBytes: 274_000_000, contextTokensMax: 2_048 }],
  residents: [],
};

/** Answers each input with a vector; keeps what it was asked. */
function vectorsOf(jobs: Job[] = []) {
  return async (job: Job) => {
    jobs.push(job);
    const inputs = job.request?.kind === 'embedding' ? job.request.inputs : [];
    return {
      ...succeeded(JSON.stringify(inputs.map((input) => [input.length, 0.25]))),
      usage: { ...noUsage, promptTokens: 4 },
    };
  };
}

test('texts become vectors, whichever way the client wants them written', async () => {
  const jobs: Job[] = [];
  const { client } = await setupOpenAi({ backend: vectorsOf(jobs) });
  const body = { model: 'nomic-embed-text', input: ['a', 'bcd'], dimensions: 2 };
  // The client asks for base64 unless it is told otherwise.
  const packed = await client.embeddings.create(body);
  expect(packed.data.map(({ embedding }) => [...embedding])).toEqual([
    [1, 0.25],
    [3, 0.25],
  ]);
  expect(packed.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
  const plain = await client.embeddings.create({ ...body, encoding_format: 'float' });
  expect(plain.data.map(({ embedding }) => embedding)).toEqual([
    [1, 0.25],
    [3, 0.25],
  ]);
  expect(jobs[0]).toMatchObject({
    model: 'nomic-embed-text',
    request: { kind: 'embedding', inputs: ['a', 'bcd'], dimensions: 2 },
  });
});

test.each([
  ['tokens', [1, 2, 3]],
  ['an empty text', ['a', '']],
  ['nothing', []],
  ['too many texts', Array<string>(openAiLimits.inputsMax + 1).fill('a')],
])('%s cannot be made vectors of', async (_what, input) => {
  const { client } = await setupOpenAi({ backend: vectorsOf() });
  await expect(client.embeddings.create({ model: 'm', input })).rejects.toBeInstanceOf(BadRequestError);
});

test('vectors have no more dimensions than there are', async () => {
  const { client } = await setupOpenAi({ backend: vectorsOf() });
  const asking = client.embeddings.create({
    model: 'm',
    input: 'a',
    dimensions: openAiLimits.dimensionsMax + 1,
  });
  await expect(asking).rejects.toMatchObject({ status: 400, param: 'dimensions' });
});

test.each(['no JSON', '[[1]]', '[1, 2]'])('%j is no answer of two vectors', async (output) => {
  const { client } = await setupOpenAi({ backend: async () => answered(output) });
  const asking = client.embeddings.create({ model: 'm', input: ['a', 'b'] });
  await expect(asking).rejects.toBeInstanceOf(InternalServerError);
});

test('the models are those of the workers and of the model file, and first the pool itself', async () => {
  const { client, runtime } = await setupOpenAi({ sighting });
  await until(() => expect(runtime.workers()[0]?.models).not.toBeNull());
  const names = (await client.models.list()).data.map(({ id }) => id);
  expect(names[0]).toBe('koubou');
  expect(names).toContain('nomic-embed-text:latest');
  expect(names).toContain(runtime.config.models.defaultModel);
  expect(new Set(names).size).toBe(names.length);
  expect(await client.models.retrieve('nomic-embed-text')).toMatchObject({ id: 'nomic-embed-text:latest' });
  expect(await client.models.retrieve('koubou')).toMatchObject({ id: 'koubou', object: 'model' });
  await expect(client.models.retrieve('hf.co/nobody/has:it')).rejects.toBeInstanceOf(NotFoundError);
});

test('a model that no worker has is refused at once when all workers say what they have', async () => {
  const { client, runtime, puppet } = await setupOpenAi({ sighting });
  await until(() => expect(runtime.workers()[0]?.models).not.toBeNull());
  const asking = client.embeddings.create({ model: 'gpt-4o', input: 'x' });
  await expect(asking).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
  expect(puppet.started).toEqual([]);
});

test('a model that nobody knows is tried where workers do not say what they have', async () => {
  const { client } = await setupOpenAi({ backend: vectorsOf() });
  const { model } = await client.embeddings.create({ model: 'gpt-4o', input: 'x' });
  expect(model).toBe('gpt-4o');
});

test('the older endpoint goes on with a prompt, and knows what stands behind the gap', async () => {
  const { client, puppet } = await setupOpenAi();
  const asking = client.completions.create({ model: 'koubou', prompt: ['def add('], suffix: 'return a + b' });
  const { job, settle } = await puppet.job(1);
  settle(answered('a, b):'));
  expect(job).toMatchObject({ prompt: 'def add(', request: { kind: 'completion', suffix: 'return a + b' } });
  expect(await asking).toMatchObject({
    id: `cmpl-${job.taskId}`,
    object: 'text_completion',
    choices: [{ text: 'a, b):', index: 0, finish_reason: 'stop', logprobs: null }],
    usage: { total_tokens: 10 },
  });
});

test.each([
  [['a', 'b']],
  [[1, 2]],
  [''],
  [null],
])('the older endpoint takes one prompt, not %j', async (prompt) => {
  const { post } = await setupOpenAi();
  const response = await post('/v1/completions', { prompt });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: 'prompt' } });
});
