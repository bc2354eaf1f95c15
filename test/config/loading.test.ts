import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { limits } from '../../src/machines/limits.ts';
import { freshFolder, leastModels, load, problemsIn, writeConfig } from './config-folder.ts';
import { originalModels, originalRemoteWorkers, originalWorkers } from './original-files.ts';

describe('files of the original', () => {
  test('load unchanged, seconds become milliseconds', () => {
    const config = load({ workers: originalWorkers, models: originalModels });
    expect(config.execution).toEqual({ defaultTimeoutMs: 120_000, remoteTimeoutMs: 300_000 });
    expect(config.healthCheck).toEqual({ intervalMs: 15_000, timeoutMs: 90_000, maxFailures: 3 });
    expect(config.performance).toEqual({
      metricsIntervalMs: 60_000,
      autoAdjust: true,
      adjustmentIntervalMs: 1_800_000,
    });
    expect(config.pool).toEqual({
      admissionWindow: limits.admissionWindow,
      minWorkers: 1,
      maxWorkers: 5,
      maxActiveTasks: 3,
      scaleUpThreshold: 0.8,
      scaleDownThreshold: 0.3,
    });
  });

  test('give each worker its endpoint, its slots and no standby', () => {
    const { workers } = load({ workers: originalWorkers });
    expect(workers.map(({ workerId }) => workerId)).toEqual(['local_001', 'local_002']);
    expect(workers[1]).toEqual({
      workerId: 'local_002',
      location: 'local',
      backend: 'ollama',
      model: 'gpt-oss:20b',
      endpointUrl: 'http://localhost:11434',
      apiKey: null,
      command: 'gemini-repo-cli',
      host: 'localhost',
      performanceFactor: 1,
      maxConcurrentTasks: 2,
      maxTokens: 32_768,
      networkTimeoutMs: null,
      capabilities: [],
      requestKinds: ['text', 'chat', 'completion', 'embedding'],
      standby: false,
    });
  });

  test('may have remote workers', () => {
    const text = originalWorkers.replace(' remote_workers: []', ` remote_workers:${originalRemoteWorkers}`);
    expect(load({ workers: text }).workers[2]).toMatchObject({
      workerId: 'remote_lan_001',
      location: 'remote',
      endpointUrl: 'http://192.168.11.6:11434',
      networkTimeoutMs: 300_000,
      capabilities: ['translation', 'documentation', 'simple_tasks'],
      requestKinds: ['text', 'chat', 'completion', 'embedding'],
    });
  });

  test('may leave the list of remote workers without entries', () => {
    const text = originalWorkers.replace(' remote_workers: []', ' remote_workers:');
    expect(load({ workers: text }).workers).toHaveLength(2);
  });

  test('keep the rules in their order', () => {
    const { routing } = load({ workers: originalWorkers });
    expect(routing.strategy).toBe('priority_based');
    expect(routing.rules).toEqual([
      {
        priorityMin: 8,
        priorityMax: 10,
        preferredWorkers: ['local'],
        fallbackToLocal: false,
        loadBalancing: false,
        reason: '急ぎはローカル',
      },
      expect.objectContaining({ priorityMin: 5, priorityMax: 7, loadBalancing: true }),
      expect.objectContaining({ priorityMin: 1, priorityMax: 4, fallbackToLocal: true }),
    ]);
  });

  test('name models by keys, and the default by its name', () => {
    const { models } = load({ models: originalModels });
    expect(models.defaultModel).toBe('gpt-oss:20b');
    expect(models.server).toEqual({
      host: 'http://localhost:11434',
      timeoutMs: 300_000,
      retryCount: 3,
      retryDelayMs: 5_000,
    });
    expect(models.catalog['qwen-coder-1.5b']).toEqual({
      name: 'qwen2.5-coder:1.5b',
      description: '小さいモデル',
      options: { temperature: 0.2, num_ctx: 4_096, top_p: 0.95, seed: 42 },
      useCases: ['小さな修正'],
    });
    expect(models.recommendations).toMatchObject({ code_review: 'qwen-coder-1.5b' });
    expect(models.fallback).toEqual({ enabled: true, chain: ['gpt-oss-20b', 'qwen-coder-1.5b'] });
    expect(models.cache).toEqual({ enabled: true, ttlMs: 3_600_000, maxSize: 100 });
  });

  test('say that their section on logs has no effect', () => {
    const ofLogs = (notices: readonly string[]) =>
      notices.filter((notice) => notice.includes('section logging'));
    expect(ofLogs(load({ models: originalModels }).notices)).toHaveLength(1);
    expect(ofLogs(load({}).notices)).toEqual([]);
  });
});

test.each([
  ['task_size < 100', '<', 100],
  ['task_size<=100', '<=', 100],
  ['task_size  >  7', '>', 7],
  ['task_size >= 500', '>=', 500],
  ['task_size == 0', '==', 0],
])('the condition "%s" is read when the file is', (condition, operator, value) => {
  const rules = `performance: { auto_select: { rules: [{ condition: '${condition}', model: any }] } }`;
  expect(load({ models: `${leastModels}${rules}\n` }).models.autoSelect.rules).toEqual([
    { condition: { operator, value }, model: 'any' },
  ]);
});

describe('defaults', () => {
  test('fill in all that the least files leave out', () => {
    const config = load({});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      ports: { rest: 8765, websocket: 8766, graphql: 8767, logs: 8768, dashboard: 8080 },
      apiToken: null,
      workerAuthToken: null,
      mcpConformance: false,
      storage: { durability: 'full' },
      server: { syncWaitMs: 300_000, drainGraceMs: 30_000, clientGone: 'cancel' },
      logging: { level: 'info', maxSizeBytes: 10 * 1_024 * 1_024, keepFiles: 5 },
      workers: [],
      healthCheck: { intervalMs: 15_000, timeoutMs: 90_000, maxFailures: 3 },
      models: { server: { host: 'http://localhost:11434' }, autoSelect: { enabled: false, rules: [] } },
    });
    expect(config).toMatchObject({
      routing: { strategy: 'priority_based', rules: [], agingMs: 3_600_000, bypassesMax: 8 },
      breaker: { failuresMax: 5, openMs: 30_000, openMsMax: 600_000 },
      hosts: [],
      joinedNames: [],
    });
  });

  test('let a local worker use the server of the model file', () => {
    const workers = 'workers: { local_workers: [{ worker_id: a }] }\n';
    const models = `${leastModels}server: { host: 'http://elsewhere:1' }\n`;
    expect(load({ workers, models }).workers[0]).toMatchObject({
      endpointUrl: 'http://elsewhere:1',
      model: null,
      performanceFactor: 1,
      maxConcurrentTasks: 1,
      maxTokens: null,
    });
  });
});

test('our additions, standby and backend, are read', () => {
  const workers = 'workers: { local_workers: [{ worker_id: a, standby: true, backend: demo }] }\n';
  expect(load({ workers }).workers[0]).toMatchObject({ standby: true, backend: 'demo' });
});

test('an IPv6 address of a remote worker is bracketed in its URL', () => {
  const workers = "workers: { remote_workers: [{ worker_id: a, remote_host: 'fd00::6' }] }\n";
  expect(load({ workers }).workers[0]?.endpointUrl).toBe('http://[fd00::6]:11434');
});

test('task types are built in, configured, or named by recommendations, each once; capabilities add none', () => {
  const config = load({
    koubou: 'task_types: [sql, general]\n',
    workers: 'workers: { local_workers: [{ worker_id: a, capabilities: [simple_tasks] }] }\n',
    models: `${leastModels}task_recommendations: { bug_fix: any, translation: any }\n`,
  });
  expect(config.taskTypes).toEqual([
    'general',
    'code_generation',
    'documentation',
    'translation',
    'analysis',
    'refactoring',
    'sql',
    'bug_fix',
  ]);
});

test('fractions of seconds become whole milliseconds', () => {
  const workers = `workers: {}\nhealth_check: { interval: 0.0501, timeout: 1.5 }\n`;
  expect(load({ workers }).healthCheck).toMatchObject({ intervalMs: 50, timeoutMs: 1_500 });
});

test('the configuration is frozen all the way down', () => {
  const config = load({ workers: originalWorkers, models: originalModels });
  const loose: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.isFrozen(value)) loose.push(path);
    for (const [key, child] of Object.entries(value)) visit(child, `${path}.${key}`);
  };
  visit(config, 'config');
  expect(loose).toEqual([]);
  expect(() => Object.assign(config.ports, { rest: 1 })).toThrow(TypeError);
});

test('a byte order mark, CRLF and anchors are no trouble', () => {
  const workers = '\uFEFFworkers:\r\n  local_workers:\r\n    - &a { worker_id: a, model: m }\r\n';
  expect(load({ workers }).workers[0]?.model).toBe('m');
  const shared = `models: { any: { name: n, options: &o { seed: 1 } }, b: { name: n, options: *o } }`;
  expect(load({ models: `default_model: any\n${shared}\n` }).models.catalog['b']?.options).toEqual({
    seed: 1,
  });
});

describe('the folder', () => {
  const env = {};

  test('is KOUBOU_HOME/config where that exists', () => {
    const cwd = freshFolder();
    writeConfig({ koubou: 'host: 127.0.0.9\n' }, join(cwd, '.koubou', 'config'));
    expect(loadConfig({ cwd, env })).toMatchObject({
      host: '127.0.0.9',
      home: join(cwd, '.koubou'),
      configDir: join(cwd, '.koubou', 'config'),
    });
  });

  test('is the shipped one otherwise, which loads', () => {
    const config = loadConfig({ cwd: freshFolder(), env });
    expect(config.configDir).toBe(join(import.meta.dirname, '..', '..', 'config'));
    expect(config.workers.map(({ workerId, standby }) => [workerId, standby])).toEqual([
      ['local_001', false],
      ['local_002', true],
    ]);
  });

  test('is KOUBOU_CONFIG, relative to the working directory, and an argument outranks it', () => {
    const cwd = freshFolder();
    writeConfig({ koubou: 'host: 127.0.0.8\n' }, join(cwd, 'conf'));
    writeConfig({ koubou: 'host: 127.0.0.7\n' }, join(cwd, 'other'));
    const fromVariable = loadConfig({ cwd, env: { KOUBOU_CONFIG: 'conf', KOUBOU_HOME: 'there' } });
    expect(fromVariable).toMatchObject({ host: '127.0.0.8', home: join(cwd, 'there') });
    const fromArgument = loadConfig({ cwd, configDir: 'other', env: { KOUBOU_CONFIG: 'conf' } });
    expect(fromArgument.host).toBe('127.0.0.7');
  });

  test('must have workers.yaml and ollama_models.yaml, and no absolute path is told', () => {
    const problems = problemsIn({ workers: null, models: null });
    expect(problems.map(({ file, line, path }) => [file, line, path])).toEqual([
      ['workers.yaml', null, ''],
      ['ollama_models.yaml', null, ''],
    ]);
    expect(problems[0]?.hint).toContain('koubou init');
    expect(JSON.stringify(problems)).not.toContain('/tmp');
  });
});
