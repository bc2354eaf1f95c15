import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { configDifference, summaryOf } from '../../src/config/difference.ts';
import type { Config } from '../../src/config/settings.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { load, type Texts } from './config-folder.ts';
import { everyKey } from './every-key.ts';

const texts: Texts = {
  koubou: stringify(everyKey.koubou),
  workers: stringify(everyKey.workers),
  models: stringify(everyKey.models),
};
const tokens = { KOUBOU_API_TOKEN: 'hush-api', WORKER_AUTH_TOKEN: 'hush-worker' };
const config = load(texts, tokens);

type Step = string | number;

/** What follows from other settings, and the names that tell workers and machines apart. */
const noSetting = /^notices|^workers\.\d+\.(workerId|host|requestKinds)(\.|$)|^hosts\.\d+\.host$/;

/** Lists are one setting, except those of workers and machines. */
function leavesOf(value: unknown, path: readonly Step[] = []): (readonly Step[])[] {
  if (noSetting.test(path.join('.'))) return [];
  const isWalked = !Array.isArray(value) || path[0] === 'workers' || path[0] === 'hosts';
  if (typeof value !== 'object' || value === null || !isWalked || path.at(-1) === 'capabilities')
    return [path];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, item]) =>
    leavesOf(item, [...path, isList ? Number(key) : key]),
  );
}

function altered(
  value: unknown,
  [step, ...rest]: readonly Step[],
  alter: (leaf: unknown) => unknown,
): unknown {
  if (step === undefined) return alter(value);
  if (Array.isArray(value))
    return value.map((item, index) => (index === step ? altered(item, rest, alter) : item));
  const entries = Object.entries(value as object);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, key === step ? altered(item, rest, alter) : item]),
  );
}

function another(leaf: unknown): unknown {
  if (Array.isArray(leaf)) return leaf.slice(1).concat(leaf.length > 1 ? [] : ['another']);
  if (typeof leaf === 'boolean') return !leaf;
  if (typeof leaf === 'number') return leaf + 1_000;
  return leaf === null ? 'another' : `${String(leaf)}x`;
}

const leaves = leavesOf(config);
const differing = (paths: readonly (readonly Step[])[]) =>
  paths.reduce<unknown>((changed, path) => altered(changed, path, another), config) as Config;
const pathsOf = (before: Config, after: Config) =>
  configDifference(before, after).changes.map(({ path }) => path);

describe('the difference', () => {
  test('of a configuration and the same, read again, is empty', () => {
    const again = load(texts, tokens);
    const { changes } = configDifference(config, { ...again, configDir: config.configDir });
    expect(changes).toEqual([]);
    expect(summaryOf({ changes })).toEqual([]);
  });

  test('has each setting that changed, once, whatever else did', () => {
    fc.assert(
      fc.property(fc.subarray(leaves, { minLength: 1 }), (paths) => {
        const changed = pathsOf(config, differing(paths));
        expect(changed).toHaveLength(paths.length);
        expect(new Set(changed).size).toBe(paths.length);
      }),
    );
  });

  test('reaches every setting', () => {
    expect(leaves.length).toBeGreaterThan(100);
    for (const path of leaves) expect([path, pathsOf(config, differing([path])).length]).toEqual([path, 1]);
  });

  test('is the same backwards, with both sides exchanged', () => {
    fc.assert(
      fc.property(fc.subarray(leaves), (paths) => {
        const after = differing(paths);
        const forth = configDifference(config, after).changes;
        const back = configDifference(after, config).changes.map(({ from, to, ...rest }) => ({
          ...rest,
          from: to,
          to: from,
        }));
        expect(new Set(back)).toEqual(new Set(forth));
      }),
    );
  });

  test('never tells a secret', () => {
    const secret = (after: Config) => JSON.stringify(configDifference(config, after));
    const bare: Config = { ...config, apiToken: null, workers: [] };
    for (const told of [
      secret(differing(leaves)),
      secret(bare),
      JSON.stringify(configDifference(bare, config)),
    ]) {
      expect(told).toContain('***');
      expect(told).not.toMatch(/hush|k-1/);
    }
  });

  test('hides a password in an address', () => {
    const [worker] = config.workers;
    if (worker === undefined) throw new Error('no worker');
    const workers = [{ ...worker, endpointUrl: 'http://me:hush@box:1' }, ...config.workers.slice(1)];
    expect(configDifference(config, { ...config, workers }).changes[0]?.to).toBe('http://***@box:1');
  });
});

describe('a change', () => {
  const changesTo = (change: (config: Config) => Partial<Config>) =>
    configDifference(config, { ...config, ...change(config) }).changes;

  test('has the path and the unit of the file', () => {
    const changes = changesTo(({ healthCheck, logging, hosts, workers, models, routing }) => ({
      healthCheck: { ...healthCheck, intervalMs: 20_500 },
      logging: { ...logging, maxSizeBytes: 20 * 1_024 ** 2 },
      hosts: hosts.map((host) => ({ ...host, memoryBytes: 8 * 1_024 ** 3 })),
      workers: workers.map((worker) =>
        worker.workerId === 'b' ? { ...worker, maxConcurrentTasks: 4 } : worker,
      ),
      models: { ...models, defaultModel: 'other:1b' },
      routing: { ...routing, agingMs: 0 },
      apiToken: 'hush-2',
    }));
    expect(changes).toEqual([
      { path: 'KOUBOU_API_TOKEN', from: '***', to: '***', needsRestart: true },
      { path: 'logging.max_size_mib', from: 10, to: 20, needsRestart: true },
      { path: 'routing_policy.aging', from: 3_600, to: 0, needsRestart: false },
      { path: 'health_check.interval', from: 15, to: 20.5, needsRestart: false },
      { path: 'default_model', from: 'any:1b', to: 'other:1b', needsRestart: false },
      { path: 'workers.b.max_concurrent_tasks', from: 2, to: 4, needsRestart: false },
      { path: 'hosts.localhost.memory_gib', from: 24, to: 8, needsRestart: false },
    ]);
  });

  test('is one for a worker that came, and one for each that went', () => {
    const changes = changesTo(({ workers }) => ({
      workers: workers
        .slice(0, -1)
        .map((worker) => (worker.workerId === 'a' ? { ...worker, workerId: workerId('z') } : worker)),
    }));
    expect(changes.map(({ path, from, to }) => [path, from === null, to === null])).toEqual([
      ['workers.a', false, true],
      ['workers.b', false, true],
      ['workers.z', true, false],
    ]);
    expect(changes[2]?.to).toMatchObject({ backend: 'ollama', worker_type: 'local', network_timeout: 300 });
  });

  test('is none when workers merely change places', () => {
    expect(changesTo(({ workers }) => ({ workers: workers.toReversed() }))).toEqual([]);
  });

  test('needs a restart where something is bound, opened or sized at the start, and nowhere else', () => {
    const { changes } = configDifference(config, differing(leaves));
    expect(changes.filter(({ needsRestart }) => needsRestart).map(({ path }) => path)).toEqual([
      'KOUBOU_HOME',
      'KOUBOU_CONFIG',
      'host',
      'ports.rest',
      'ports.websocket',
      'ports.graphql',
      'ports.logs',
      'ports.dashboard',
      'KOUBOU_API_TOKEN',
      'WORKER_AUTH_TOKEN',
      'KOUBOU_MCP_CONFORMANCE',
      'storage.durability',
      'server.drain_grace_seconds',
      'pool.admission_window',
      'logging.level',
      'logging.max_size_mib',
      'logging.keep_files',
    ]);
  });
});

test('the summary has a line for each change, short enough to read', () => {
  const before = load({ workers: 'workers: { local_workers: [{ worker_id: a }, { worker_id: b }] }\n' });
  const after: Config = {
    ...before,
    host: '0.0.0.0',
    apiToken: 'hush',
    joinedNames: ['box', 'den'],
    workers: before.workers
      .slice(0, 1)
      .map((worker) => ({ ...worker, model: 'm:1b', networkTimeoutMs: 1_500 })),
    hosts: [{ host: '10.0.0.1', slotsMax: 2, memoryBytes: null }],
    routing: {
      ...before.routing,
      rules: [
        {
          priorityMin: 1,
          priorityMax: 2,
          preferredWorkers: ['local'],
          fallbackToLocal: false,
          loadBalancing: false,
          reason: '',
        },
      ],
    },
    models: {
      ...before.models,
      catalog: {
        any: {
          name: 'any:1b',
          description: `two\nlines, ${'long '.repeat(40)}`,
          options: { seed: 1 },
          useCases: [],
        },
      },
    },
  };
  expect(summaryOf(configDifference(before, after))).toEqual([
    'host: 127.0.0.1 → 0.0.0.0 (takes a restart)',
    'KOUBOU_API_TOKEN: none → *** (takes a restart)',
    'workers.joined_workers: [+box, +den]',
    'routing_policy.rules: changed',
    'workers.a.model: none → m:1b',
    'workers.a.network_timeout: none → 1.5',
    'workers.b: removed',
    expect.stringMatching(/^models\.any\.description: {2}→ two lines, long .{1,60}…$/),
    'models.any.options.seed: none → 1',
    'hosts["10.0.0.1"]: added',
  ]);
});

test('a secret that was replaced is a change, though both sides look alike', () => {
  const after: Config = { ...config, workerAuthToken: 'hush-new' };
  expect(summaryOf(configDifference(config, after))).toEqual([
    'WORKER_AUTH_TOKEN: changed (takes a restart)',
  ]);
});

test('of a list the summary says what came and what went', () => {
  const before = load({});
  const line = (joinedNames: readonly string[], old: readonly string[]) =>
    summaryOf(configDifference({ ...before, joinedNames: old }, { ...before, joinedNames }));
  expect(line(['box', 'new'], ['box', 'old'])).toEqual(['workers.joined_workers: [+new, −old]']);
  expect(line(['a', 'b'], ['b', 'a'])).toEqual(['workers.joined_workers: in another order']);
});
