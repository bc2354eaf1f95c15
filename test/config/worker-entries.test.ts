import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkConfig, loadConfig } from '../../src/config.ts';
import { freshFolder, leastModels, load, problemsIn, writeConfig } from './config-folder.ts';

const localWorkers = (...entries: string[]) => `workers: { local_workers: [${entries.join(', ')}] }\n`;
const remoteWorkers = (...entries: string[]) => `workers: { remote_workers: [${entries.join(', ')}] }\n`;
const first = (workers: string, env = {}) => load({ workers }, env).workers[0];

describe('the backend openai', () => {
  test.each([
    ['http://localhost:1234/v1', 'http://localhost:1234/v1'],
    ['http://localhost:1234', 'http://localhost:1234/v1'],
    ['http://localhost:1234/', 'http://localhost:1234/v1'],
    ['http://localhost:1234/v1/', 'http://localhost:1234/v1'],
    ['http://localhost:1234?region=eu', 'http://localhost:1234/v1?region=eu'],
    ['https://box.example/llm/api', 'https://box.example/llm/api'],
  ])('finds the API of %s at %s', (serverHost, endpointUrl) => {
    const worker = first(localWorkers(`{ worker_id: a, backend: openai, server_host: '${serverHost}' }`));
    expect(worker).toMatchObject({ backend: 'openai', endpointUrl, apiKey: null });
  });

  test('finds the API of another machine at /v1, on port 8000 unless told otherwise', () => {
    const { workers } = load({
      workers: remoteWorkers(
        '{ worker_id: a, backend: openai, remote_host: GPU-Box }',
        '{ worker_id: b, backend: openai, remote_host: GPU-Box, remote_port: 1234 }',
      ),
    });
    expect(workers.map(({ endpointUrl, host }) => [endpointUrl, host])).toEqual([
      ['http://gpu-box:8000/v1', 'gpu-box'],
      ['http://gpu-box:1234/v1', 'gpu-box'],
    ]);
  });

  test('uses the API of the Ollama server where no server is named', () => {
    expect(first(localWorkers('{ worker_id: a, backend: openai }'))?.endpointUrl).toBe(
      'http://localhost:11434/v1',
    );
  });

  test('takes its key from the environment, and does without one that is empty', () => {
    const workers = localWorkers(`{ worker_id: a, backend: openai, api_key: "\${LM_STUDIO_KEY:-}" }`);
    expect(first(workers, { LM_STUDIO_KEY: 'k-1' })?.apiKey).toBe('k-1');
    expect(first(workers)?.apiKey).toBeNull();
  });

  test('may have a key of digits alone', () => {
    const workers = localWorkers(`{ worker_id: a, backend: openai, api_key: "\${KEY}" }`);
    expect(first(workers, { KEY: '0042' })?.apiKey).toBe('0042');
  });
});

test('the backend gemini-repo-cli has a program of that name, or another, and the Ollama port', () => {
  const { workers } = load({
    workers: remoteWorkers(
      '{ worker_id: a, backend: gemini-repo-cli, remote_host: h }',
      '{ worker_id: b, backend: gemini-repo-cli, remote_host: h, command: /opt/bin/gemini }',
    ),
  });
  expect(workers.map(({ command, endpointUrl }) => [command, endpointUrl])).toEqual([
    ['gemini-repo-cli', 'http://h:11434'],
    ['/opt/bin/gemini', 'http://h:11434'],
  ]);
});

describe('the machine of a worker', () => {
  test('is that of its endpoint, and this machine has one name', () => {
    const { workers } = load({
      workers: `workers:
  local_workers:
    - { worker_id: a }
    - { worker_id: b, server_host: 'http://127.0.0.1:9' }
    - { worker_id: c, backend: openai, server_host: 'http://[::1]:9' }
  remote_workers:
    - { worker_id: d, remote_host: 0.0.0.0 }
    - { worker_id: e, remote_host: 'FD00::6' }
    - { worker_id: f, remote_host: '[fd00:0::6]' }
`,
    });
    expect(workers.map(({ host }) => host)).toEqual([
      'localhost',
      'localhost',
      'localhost',
      'localhost',
      'fd00::6',
      'fd00::6',
    ]);
  });

  test('has its limits under hosts, found by any of its names', () => {
    const workers = `${localWorkers('{ worker_id: a }')}hosts:
  127.0.0.1: { max_concurrent_tasks: 3, memory_gib: 24 }
  GPU-Box: { memory_gib: 1.5 }
  idle: {}
`;
    expect(load({ workers }).hosts).toEqual([
      { host: 'localhost', slotsMax: 3, memoryBytes: 25_769_803_776 },
      { host: 'gpu-box', slotsMax: null, memoryBytes: 1_610_612_736 },
      { host: 'idle', slotsMax: null, memoryBytes: null },
    ]);
  });

  test('may be limited before a worker is on it, but that is told, with the nearest name', () => {
    const workers = `${remoteWorkers('{ worker_id: a, remote_host: gpu-box }')}hosts: { gpu-bx: {}, gpu-box: {} }\n`;
    const { notices } = load({ workers });
    const ofHosts = notices.filter((notice) => notice.includes('section hosts'));
    expect(ofHosts).toEqual([
      'workers.yaml: no worker of the file is on the host "gpu-bx" of the section hosts; did you mean gpu-box?',
    ]);
  });

  test.each(['hosts:', 'hosts: {}', ''])('has no limits when the file says "%s"', (line) => {
    expect(load({ workers: `workers: {}\n${line}\n` }).hosts).toEqual([]);
  });
});

describe('capabilities', () => {
  test('may say code for code_generation, and count once', () => {
    const worker = first(localWorkers('{ worker_id: a, capabilities: [code, analysis, code_generation] }'));
    expect(worker?.capabilities).toEqual(['code_generation', 'analysis']);
  });

  test('that are no task type are told once, with the nearest one', () => {
    const { notices } = load({
      workers: localWorkers(
        '{ worker_id: a, capabilities: [translaton, code, sql] }',
        '{ worker_id: b, capabilities: [translaton, simple_tasks] }',
      ),
      koubou: 'task_types: [sql]\n',
    });
    expect(notices.filter((notice) => notice.includes('capability'))).toEqual([
      'workers.yaml: no task is of the type "translaton", a capability of a, b; did you mean translation?',
      'workers.yaml: no task is of the type "simple_tasks", a capability of b; task_types in koubou.yaml adds types.',
    ]);
  });

  test('that a recommendation makes a task type are none to tell', () => {
    const models = `${leastModels}task_recommendations: { bug_fix: any }\n`;
    const { notices } = load({ models, workers: localWorkers('{ worker_id: a, capabilities: [bug_fix] }') });
    expect(notices.filter((notice) => notice.includes('bug_fix'))).toEqual([]);
  });
});

test('what has no effect is told, and nothing else', () => {
  expect(load({}).notices).toEqual([
    expect.stringContaining('metrics_interval'),
    expect.stringContaining('server.timeout'),
  ]);
});

describe('workers that join by themselves', () => {
  test('may be named in rules once they are listed', () => {
    const workers = `workers: { joined_workers: [gpu_box] }
routing_policy: { rules: [{ priority_range: [1, 10], preferred_workers: [gpu_box, local] }] }
`;
    const config = load({ workers });
    expect(config.joinedNames).toEqual(['gpu_box']);
    expect(config.routing.rules[0]?.preferredWorkers).toEqual(['gpu_box', 'local']);
    expect(config.workers).toEqual([]);
  });

  test('need not be listed, even where the list is written without entries', () => {
    expect(load({ workers: 'workers:\n  joined_workers:\n' }).joinedNames).toEqual([]);
  });
});

test('aging, warm bypasses and the circuit breaker are read, in seconds', () => {
  const config = load({
    workers: `workers: {}
routing_policy: { aging: 0, warm_bypasses: 0 }
circuit_breaker: { failures: 1, open: 0.5, open_max: 0.5 }
`,
  });
  expect(config.routing).toMatchObject({ agingMs: 0, bypassesMax: 0 });
  expect(config.breaker).toEqual({ failuresMax: 1, openMs: 500, openMsMax: 500 });
});

describe('folders that tasks attach files from', () => {
  const rootsOf = (koubou: string, env = {}) => {
    const home = join(freshFolder(), 'project', '.koubou');
    const { files } = loadConfig({
      configDir: writeConfig({ koubou }),
      cwd: '/',
      env: { KOUBOU_HOME: home, ...env },
    });
    return { roots: files.roots, project: dirname(home) };
  };

  test('are the folder that holds the home when nothing is said', () => {
    const { roots, project } = rootsOf('host: 127.0.0.1\n');
    expect(roots).toEqual([project]);
  });

  test('may be others: absolute, from a variable, or relative to that folder; each counts once', () => {
    const { roots, project } = rootsOf(`files: { roots: [docs, "\${HOME}/src", ../other, ./docs/] }\n`, {
      HOME: '/home/me',
    });
    expect(roots).toEqual([join(project, 'docs'), '/home/me/src', join(dirname(project), 'other')]);
  });

  test('may be none at all', () => {
    expect(rootsOf('files: { roots: [] }\n').roots).toEqual([]);
  });

  test('are not looked for in a folder named ~', () => {
    expect(problemsIn({ koubou: 'files:\n  roots: [., ~/src]\n' })).toEqual([
      expect.objectContaining({
        line: 2,
        column: 14,
        path: 'files.roots[1]',
        fault: 'expected text such as "/home/me/projects", found "~/src"',
        hint: expect.stringContaining(`\${HOME}`),
      }),
    ]);
  });
});

test('a check tells of machines, of names that join, and of folders', () => {
  const workers =
    'workers: { joined_workers: [box] }\nhosts: { ::1: { max_concurrent_tasks: 3, memory_gib: 1.5 } }\n';
  const koubou = 'files: { roots: [/srv] }\n';
  const { summary } = checkConfig({ configDir: writeConfig({ workers, koubou }), cwd: '/', env: {} });
  expect(summary).toEqual(
    expect.arrayContaining([
      'workers that join: box',
      'hosts: localhost (3 tasks at once, 1.5 GiB)',
      'files of tasks: /srv',
    ]),
  );
});
