import { describe, expect, test } from 'vitest';
import { ollamaProbe } from '../../src/actors/ollama-probe.ts';
import type { Sighting } from '../../src/machines/sighting.ts';
import { onDisposal } from '../support/disposal.ts';
import { type FakeOllama, type FakeOllamaOptions, startFakeOllama } from '../support/fake-ollama.ts';
import type { InformationFault } from '../support/fake-ollama-information.ts';
import { until } from '../support/until.ts';

/** Of a patience that a test can wait for. */
const lookingMs = 100;

interface Watched {
  readonly fake: FakeOllama;
  /** Probes once, as one beat does. */
  readonly beat: () => Promise<Sighting>;
  /** Paths that were asked for since the last call, without the sign of life. */
  readonly asked: () => readonly string[];
}

async function watch(options: FakeOllamaOptions = {}): Promise<Watched> {
  const fake = await startFakeOllama(options);
  onDisposal(() => fake.close());
  const probe = ollamaProbe(fake.url, { lookingMs: 2_000 });
  let seen = 0;
  const asked = (): readonly string[] => {
    const paths = fake.requests.slice(seen).map(({ path }) => path);
    seen = fake.requests.length;
    return paths.filter((path) => path !== '/api/version');
  };
  return { fake, beat: () => probe(new AbortController().signal), asked };
}

describe('a sign of life', () => {
  test('is told with what the server has and what it has loaded', async () => {
    const { beat } = await watch({
      models: [
        {
          name: 'gpt-oss:20b',
          sizeBytes: 13_000,
          vramBytes: 12_000,
          contextTokens: 16_384,
          contextTokensMax: 131_072,
        },
        { name: 'tiny:latest', sizeBytes: 1_000, isLoaded: false, contextTokensMax: 2_048 },
      ],
    });
    expect(await beat()).toEqual({
      models: [
        { name: 'gpt-oss:20b', sizeBytes: 13_000, contextTokensMax: 131_072 },
        { name: 'tiny:latest', sizeBytes: 1_000, contextTokensMax: 2_048 },
      ],
      residents: [{ name: 'gpt-oss:20b', memoryBytes: 12_000, contextTokens: 16_384 }],
    });
  });

  test('costs no tokens, whatever it looks at', async () => {
    const { fake, beat } = await watch();
    for (let beats = 0; beats < 25; beats += 1) await beat();
    expect(fake.generations).toEqual([]);
    expect(fake.tokensSent).toBe(0);
  });

  test('is missed when nobody listens, and the reason is told', async () => {
    const { fake, beat } = await watch();
    await fake.close();
    await expect(beat()).rejects.toThrow(`${fake.url} does not answer: ECONNREFUSED`);
  });

  test('is missed when the server answers with an error', async () => {
    const { fake, beat } = await watch();
    fake.faults.set('/api/version', 'error-500');
    await expect(beat()).rejects.toThrow(`${fake.url} answers 500 to a probe`);
  });

  test('counts memory of the machine where nothing is on a GPU', async () => {
    const { beat } = await watch({ models: [{ name: 'tiny', sizeBytes: 5_000, vramBytes: 0 }] });
    expect((await beat()).residents).toMatchObject([{ memoryBytes: 5_000 }]);
  });

  test('is asked for below the path of the endpoint', async () => {
    const { fake } = await watch();
    const probe = ollamaProbe(`${fake.url}/ollama/`);
    await expect(probe(new AbortController().signal)).rejects.toThrow('answers 404');
    expect(fake.requests.map(({ path }) => path)).toEqual(['/ollama/api/version']);
  });
});

describe('a server that does not say what it has', () => {
  const faults: readonly [string, InformationFault][] = [
    ['answers 500', 'error-500'],
    ['answers something else than JSON', 'garbage'],
    ['answers without end', 'huge'],
    ['never answers', 'hang'],
    ['answers a list of nothing known', { items: [] }],
  ];

  test.each(faults)('is alive all the same when it %s', async (_what, fault) => {
    const { fake } = await watch({ models: ['tiny:latest'] });
    for (const path of ['/api/ps', '/api/tags']) fake.faults.set(path, fault);
    const probe = ollamaProbe(fake.url, { lookingMs });
    expect(await probe(new AbortController().signal)).toEqual({ models: null, residents: null });
  });

  test.each(faults)('still tells the rest when details are all that it %s', async (_what, fault) => {
    const { fake } = await watch({ models: ['tiny:latest'] });
    fake.faults.set('/api/show', fault);
    const probe = ollamaProbe(fake.url, { lookingMs });
    expect(await probe(new AbortController().signal)).toMatchObject({
      models: [{ name: 'tiny:latest', contextTokensMax: null }],
      residents: [{ name: 'tiny:latest' }],
    });
  });

  test('is not heard to the end when there is none', async () => {
    const { fake, beat } = await watch();
    fake.faults.set('/api/ps', 'huge');
    await beat();
    await until(() => expect(fake.abandoned).toEqual(['/api/ps']));
  });

  test('says too much when it says more than a mebibyte', async () => {
    const { fake, beat } = await watch();
    const padding = 'x'.repeat(1_024 * 1_024 - 100);
    fake.faults.set('/api/ps', { models: [], padding });
    expect((await beat()).residents).toEqual([]);
    fake.faults.set('/api/ps', { models: [], padding: `${padding}${padding.slice(-100)}` });
    expect((await beat()).residents).toBeNull();
  });

  test('is asked for its list again at the next beat', async () => {
    const { fake, beat } = await watch();
    fake.faults.set('/api/tags', 'error-500');
    expect((await beat()).models).toBeNull();
    fake.faults.clear();
    expect((await beat()).models).toMatchObject([{ name: 'tiny:latest' }]);
  });

  test('loses what it wrote wrong, and nothing else', async () => {
    const { fake, beat } = await watch();
    const entry = { name: 'tiny:latest', size: 7, size_vram: 0 };
    fake.faults.set('/api/ps', {
      models: [{ ...entry, context_length: 'long' }, 'x', { name: 7 }, { size: 1 }],
    });
    fake.faults.set('/api/tags', { models: [{ model: 'older:7b', size: -1 }, null, { name: '' }] });
    expect(await beat()).toEqual({
      models: [{ name: 'older:7b', sizeBytes: null, contextTokensMax: null }],
      residents: [{ name: 'tiny:latest', memoryBytes: 7, contextTokens: null }],
    });
  });

  test('has nothing when its list is null, as Go writes an empty one', async () => {
    const { fake, beat } = await watch();
    fake.faults.set('/api/ps', { models: null });
    fake.faults.set('/api/tags', { models: null });
    expect(await beat()).toEqual({ models: [], residents: [] });
  });
});

describe('what is asked for', () => {
  test('is at first all, then what is in memory, and the list again at every twentieth beat', async () => {
    const { beat, asked } = await watch();
    await beat();
    expect(asked()).toEqual(['/api/ps', '/api/tags', '/api/show']);
    for (let beats = 1; beats < 20; beats += 1) {
      await beat();
      expect(asked()).toEqual(['/api/ps']);
    }
    await beat();
    expect(asked()).toEqual(['/api/ps', '/api/tags']);
  });

  test('is the list again when something unknown is in memory, once', async () => {
    const { fake, beat, asked } = await watch({ models: ['tiny:latest'] });
    await beat();
    fake.models = ['tiny:latest', { name: 'ghost', isListed: false }];
    asked();
    await beat();
    expect(asked()).toEqual(['/api/ps', '/api/tags']);
    await beat();
    expect(asked()).toEqual(['/api/ps']);
    fake.models = ['tiny:latest', 'pulled:7b'];
    expect((await beat()).models).toMatchObject([{ name: 'tiny:latest' }, { name: 'pulled:7b' }]);
  });

  test('is not the list again for a name without its tag', async () => {
    const { fake, beat, asked } = await watch({ models: ['tiny:latest'] });
    await beat();
    fake.faults.set('/api/ps', { models: [{ name: 'tiny', size: 1 }] });
    asked();
    await beat();
    expect(asked()).toEqual(['/api/ps']);
  });

  test('is all again after the server was gone', async () => {
    const { fake, beat, asked } = await watch();
    await beat();
    fake.faults.set('/api/version', 'error-500');
    await expect(beat()).rejects.toThrow();
    fake.faults.clear();
    asked();
    await beat();
    expect(asked()).toEqual(['/api/ps', '/api/tags']);
  });

  test('is at most four details in a beat, of what is in memory first, each once', async () => {
    const names = Array.from({ length: 6 }, (_none, at) => `model-${at}:latest`);
    const models = names.map((name) => ({ name, isLoaded: name === 'model-5:latest' }));
    const { fake, beat, asked } = await watch({ models });
    const known = async (): Promise<readonly string[]> => {
      const sighting = await beat();
      return (sighting.models ?? []).filter((each) => each.contextTokensMax !== null).map(({ name }) => name);
    };
    expect(await known()).toEqual(names.filter((_name, at) => at !== 3 && at !== 4));
    expect(await known()).toEqual(names);
    asked();
    await beat();
    expect(asked()).toEqual(['/api/ps']);
    const details = fake.requests.filter(({ path }) => path === '/api/show').map(({ body }) => body['model']);
    expect(details.toSorted()).toEqual(names);
  });

  test('is the context of two names of one model once, and again when it has changed', async () => {
    const named = (digest: string, contextTokensMax: number) =>
      ['tiny:latest', 'alias:latest'].map((name) => ({ name, digest, contextTokensMax }));
    const { fake, beat, asked } = await watch({ models: named('a', 2_048) });
    expect((await beat()).models).toMatchObject([{ contextTokensMax: 2_048 }, { contextTokensMax: 2_048 }]);
    expect(asked().filter((path) => path === '/api/show')).toHaveLength(1);
    fake.models = named('b', 8_192);
    for (let beats = 0; beats < 20; beats += 1) await beat();
    expect((await beat()).models).toMatchObject([{ contextTokensMax: 8_192 }, { contextTokensMax: 8_192 }]);
  });

  test('is a detail again that was not to be had, with the next list', async () => {
    const { fake, beat, asked } = await watch();
    fake.faults.set('/api/show', 'error-500');
    await beat();
    fake.faults.clear();
    asked();
    await beat();
    expect(asked()).toEqual(['/api/ps']);
    for (let beats = 2; beats < 20; beats += 1) await beat();
    expect((await beat()).models).toMatchObject([{ contextTokensMax: 4_096 }]);
  });
});

describe('the context of a model', () => {
  test('is that of the model itself, where parts of it have theirs', async () => {
    const { fake, beat } = await watch();
    const model_info = {
      'clip.context_length': 77,
      'general.architecture': 'llama',
      'llama.context_length': 8_192,
    };
    fake.faults.set('/api/show', { model_info });
    expect((await beat()).models).toMatchObject([{ contextTokensMax: 8_192 }]);
  });

  test('is found where the server does not name the architecture', async () => {
    const { fake, beat } = await watch();
    fake.faults.set('/api/show', { model_info: { 'llama.context_length': 8_192 } });
    expect((await beat()).models).toMatchObject([{ contextTokensMax: 8_192 }]);
  });

  test('is asked for again at the next beat when there was no time for an answer', async () => {
    const { fake } = await watch();
    fake.faults.set('/api/show', 'hang');
    const probe = ollamaProbe(fake.url, { lookingMs });
    const { signal } = new AbortController();
    expect((await probe(signal)).models).toMatchObject([{ contextTokensMax: null }]);
    fake.faults.clear();
    expect((await probe(signal)).models).toMatchObject([{ contextTokensMax: 4_096 }]);
  });
});

describe('a probe that is stopped', () => {
  test.each(['/api/version', '/api/ps', '/api/tags', '/api/show'])('lets go of %s at once', async (path) => {
    const { fake } = await watch();
    fake.faults.set(path, 'hang');
    const stop = new AbortController();
    const probing = ollamaProbe(fake.url, { lookingMs: 60_000 })(stop.signal).catch(() => undefined);
    await until(() => expect(fake.requests.at(-1)?.path).toBe(path));
    stop.abort();
    await probing;
    await until(() => expect(fake.abandoned).toEqual([path]));
  });
});
