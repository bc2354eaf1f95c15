import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { english } from '../../src/cli/messages-en.ts';
import { displayWidth } from '../../src/cli/text-width.ts';
import { writeConfig } from '../config/config-folder.ts';
import { onDisposal } from '../support/disposal.ts';
import { startFakeOllama } from '../support/fake-ollama.ts';
import { until } from '../support/until.ts';
import { freshEnvironment, start, startServer } from './command.ts';
import { koubouHere, recordedTerminal } from './recorded-terminal.ts';
import { json, standIn } from './stand-in.ts';

const words = english.operating;

async function setup(workers?: string) {
  const folder = workers === undefined ? undefined : writeConfig({ workers });
  const env = freshEnvironment(folder === undefined ? {} : { KOUBOU_CONFIG: folder });
  const running = await startServer(env, folder === undefined ? ['--demo'] : []);
  const run = (...args: string[]) => koubouHere(args, env);
  return {
    env,
    running,
    run,
    folder: folder ?? '',
    data: async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout),
  };
}

const oneWorker = (url: string) =>
  `workers:\n  local_workers:\n    - worker_id: w1\n      server_host: ${url}\n      model: tiny:latest\n`;

test('a paused pool takes tasks in and hands out none until it is resumed', async () => {
  const { run, data } = await setup();
  expect(await run('pause')).toEqual({ exitCode: 0, stdout: 'paused\n', stderr: `${words.paused}\n` });
  const id = (await run('delegate', '--priority', '9', 'x')).stdout.trim();
  await run('delegate', '--type', 'translation', 'x');
  const { stdout } = await run('pool');
  expect(stdout).toMatch(/^POOL +paused$/m);
  expect(stdout).toMatch(/^WAITING +2$/m);
  expect(stdout).toMatch(/^9 +1 +general 1\n5 +1 +translation 1$/m);
  const why = await run('task', id, '--why');
  expect(why.stderr).toContain(words.noAttempts('queued'));
  expect(await data('resume')).toEqual({ state: 'running' });
  await until(async () => expect(await data('task', id)).toMatchObject({ status: 'completed' }));
  const { attempts } = await data('task', id, '--why');
  expect(attempts).toMatchObject([{ attempt: 1, status: 'completed', reason: { config_version: 1 } }]);
  expect((await run('task', id, '--why')).stdout).toMatch(/^local_001 +0 % +.*chosen$/m);
});

test('the pool is shown with its servers, their models, and its machines', async () => {
  const { run, data } = await setup();
  await run('delegate', '--sync', '--model', 'm:1b', 'x');
  const { stdout } = await run('pool');
  expect(stdout).toMatch(/^SERVER +MACHINE +BREAKER +RUNNING +LOADED$/m);
  expect(stdout).toMatch(/^http:\/\/localhost:11434 +localhost +closed +0 /m);
  expect(stdout).toMatch(/^MACHINE +RUNNING +MEMORY$/m);
  expect(await data('pool')).toMatchObject({ state: 'running', config_version: 1, leases: { used: 0 } });
});

test('a drained worker is given nothing until it is resumed', async () => {
  const { run, data } = await setup();
  expect(await run('workers', 'drain', 'local_001', '--wait')).toMatchObject({
    exitCode: 0,
    stdout: 'local_001  drained\n',
  });
  expect((await run('workers')).stdout).toMatch(/^local_001 +idle +drained +alive +closed +0\/\d/m);
  expect(await data('workers', 'resume', 'local_001')).toMatchObject({ admission: 'active' });
  expect((await run('workers', 'rest', 'local_002')).exitCode).toBe(0);
  const { stdout } = await run('workers', 'show', 'local_001');
  expect(stdout).toMatch(/^ADMISSION +active$/m);
  expect(stdout).toMatch(/^TAKES +all$/m);
  const unknown = await run('workers', 'drain', 'nobody');
  expect(unknown.exitCode).toBe(1);
  expect(unknown.stderr).toContain('nobody');
});

test('drain --wait comes back when the last task has ended', async () => {
  const fake = await startFakeOllama({ mode: 'hang', models: ['tiny:latest'] });
  onDisposal(() => fake.close());
  const { env, run } = await setup(oneWorker(fake.url));
  const id = (await run('delegate', 'x')).stdout.trim();
  await until(() => expect(fake.openGenerations).toBe(1));
  const draining = start(['workers', 'drain', 'w1', '--wait'], env);
  await until(async () => expect((await run('workers')).stdout).toMatch(/^w1 +busy +draining/m));
  expect(draining.child.exitCode).toBeNull();
  await run('cancel', id);
  expect(await draining.ended).toMatchObject({ exitCode: 0, stdout: 'w1  drained\n', stderr: '' });
});

test('drain --wait says so when somebody has the worker go on instead', async () => {
  const worker = (admission: string) =>
    json(200, { worker_id: 'w1', admission, leases: 1, breaker: 'closed' });
  const { client, asked } = await standIn([worker('draining'), worker('draining'), worker('active')]);
  const env = freshEnvironment({ KOUBOU_URL: client.url });
  const { exitCode, stdout, stderr } = await koubouHere(['workers', 'drain', 'w1', '--wait'], env);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain(words.notDrained('w1', 'active'));
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /workers/w1/drain',
    'GET /workers/w1',
    'GET /workers/w1',
  ]);
});

test('what keeps workers from work is told, with what to do; reset closes the breaker', async () => {
  const worker = { worker_id: 'w1', status: 'idle', liveness: 'alive', leases: 0, max_concurrent_tasks: 1 };
  const failing = { ...worker, admission: 'active', breaker: 'open', breaker_detail: 'no\u001b[2J luck' };
  const crashed = { ...worker, worker_id: 'w2', admission: 'quarantined', breaker: 'closed' };
  const { client, asked } = await standIn([
    json(200, {
      workers: [failing, crashed].map((one) => ({ breaker_detail: '', loaded: ['a', 'b'], ...one })),
    }),
    json(200, { ...failing, breaker: 'closed' }),
  ]);
  const env = freshEnvironment({ KOUBOU_URL: client.url });
  const { stdout, stderr } = await koubouHere(['workers'], env);
  expect(stdout).toMatch(/^w1 +idle +active +alive +open +0\/1 +a, b$/m);
  expect(stderr).toContain(words.leftAlone('w1', 'no luck'));
  expect(stderr).toContain('koubou workers reset');
  expect(stderr).toContain('koubou workers resume w2');
  expect((await koubouHere(['workers', 'reset', 'w1'], env)).stdout).toBe('w1  closed\n');
  expect(asked[1]).toMatchObject({ method: 'POST', path: '/workers/w1/breaker/close' });
});

test('reload prints the differences and what takes a restart', async () => {
  const { run, data, folder } = await setup(oneWorker('http://127.0.0.1:9'));
  expect(await data('reload')).toEqual({ version: 1, changes: [], needs_restart: [] });
  expect((await run('reload')).stderr).toBe(`${words.nothingChanged}\n`);
  writeFileSync(
    join(folder, 'workers.yaml'),
    `${oneWorker('http://127.0.0.1:9')}      max_concurrent_tasks: 2\n`,
  );
  writeFileSync(join(folder, 'koubou.yaml'), 'server: { drain_grace_seconds: 7 }\n');
  const { exitCode, stdout, stderr } = await run('reload');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^workers\.w1\.max_concurrent_tasks: 1 → 2\nserver\.drain_grace_seconds: 30 → 7.*\n$/,
  );
  expect(stderr).toBe(`${words.reloaded(2, 1)}\n${words.needsRestart(1)}\n`);
  // What waits for a restart is no news that nothing has changed.
  expect((await run('reload')).stderr).toBe(`${words.needsRestart(1)}\n`);
});

test('reload of wrong files lists the problems, changes nothing, and ends with 2', async () => {
  const { run, data, folder } = await setup(oneWorker('http://127.0.0.1:9'));
  writeFileSync(join(folder, 'workers.yaml'), oneWorker('nonsense').replace('model', 'modell'));
  const { exitCode, stdout, stderr } = await run('reload');
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(words.reloadRefused);
  expect(stderr.match(/workers\.yaml:\d+:\d+/g)).toHaveLength(2);
  const inJson = await run('reload', '--json');
  expect(inJson.exitCode).toBe(2);
  expect(JSON.parse(inJson.stdout)).toMatchObject({ error: { message: expect.stringContaining('modell') } });
  expect(await data('pool')).toMatchObject({ config_version: 1 });
});

test('tables fit a narrow terminal in both languages', async () => {
  const { env } = await setup();
  for (const LANG of ['C', 'ja_JP.UTF-8']) {
    for (const command of ['pool', 'workers']) {
      const terminal = recordedTerminal(80);
      await koubouHere([command], { ...env, LANG }, { terminal });
      for (const line of terminal.out) expect(displayWidth(line.trimEnd()), line).toBeLessThanOrEqual(80);
    }
  }
});
