import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeConfig } from '../config/config-folder.ts';
import { onDisposal } from '../support/disposal.ts';
import { startFakeOllama } from '../support/fake-ollama.ts';
import { until } from '../support/until.ts';
import { freshEnvironment, koubou, start, startServer } from './command.ts';

test.each(['SIGTERM', 'SIGINT'] as const)('%s drains the server, and it exits 0', async (signal) => {
  const env = freshEnvironment();
  const running = await startServer(env);
  const doors =
    /REST +http:\/\/127\.0\.0\.1:\d+\n.*\n +WebSocket +ws:\/\/.*\n +GraphQL +http.*\/graphql\n +Log API +http/;
  await until(() => expect(running.output.stdout).toMatch(doors));
  expect(running.output.stderr).toContain('DEMO');
  running.child.kill(signal);
  const { exitCode, stderr } = await running.ended;
  expect(exitCode).toBe(0);
  expect(stderr).toContain('Stopped.');
  expect(logOf(env)).toContain('"msg":"server has stopped"');
  expect(existsSync(join(env['KOUBOU_HOME'] ?? '', 'run', 'koubou.json'))).toBe(false);
});

test('--json tells pid and addresses on one line', async () => {
  const running = await startServerJson();
  const { pid, urls, demo } = JSON.parse(running.output.stdout);
  expect({ pid, demo }).toEqual({ pid: running.child.pid, demo: true });
  expect(urls.rest).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('a second start is refused with the pid of the first, which goes on', async () => {
  const env = freshEnvironment();
  const { child } = await startServer(env);
  for (const args of [['start'], ['start', '--background']]) {
    const { exitCode, stderr } = await koubou(args, env);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(new RegExp(`process ${child.pid} already runs on this home`, 'i'));
  }
  expect((await koubou(['status'], env)).exitCode).toBe(0);
});

test('SIGHUP takes over what the files say, and the server goes on', async () => {
  const { env, running, write } = await startConfigured(workersYaml(1));
  write(workersYaml(3));
  running.child.kill('SIGHUP');
  await until(() => expect(running.output.stderr).toContain('Configuration 2 is in force'));
  expect(running.output.stderr).toContain('workers.w1.max_concurrent_tasks: 1 → 3');
  expect(logOf(env)).toContain('"msg":"the configuration was reloaded"');
  const { stdout } = await koubou(['workers', 'show', 'w1', '--json'], env);
  expect(JSON.parse(stdout)).toMatchObject({ max_concurrent_tasks: 3 });
  expect((await koubou(['stop'], env)).exitCode).toBe(0);
});

test('SIGHUP with files that are wrong changes nothing, and says where', async () => {
  const { env, running, write } = await startConfigured(workersYaml(1));
  write(workersYaml(3).replace('worker_id', 'worker_idd'));
  running.child.kill('SIGHUP');
  await until(() => expect(running.output.stderr).toContain('was not taken over'));
  // A chunk may end anywhere, and the log is written behind.
  await until(() => expect(running.output.stderr).toMatch(/workers\.yaml:\d+:\d+ .*worker_idd/));
  await until(() =>
    expect(logOf(env)).toMatch(/"level":"error".*workers\.yaml:.*"msg":"the reload was refused/),
  );
  const { stdout, exitCode } = await koubou(['workers', 'show', 'w1', '--json'], env);
  expect(exitCode).toBe(0); // It is found, although its files are wrong.
  expect(JSON.parse(stdout)).toMatchObject({ max_concurrent_tasks: 1 });
});

test('a reload leaves a demo a demo', async () => {
  const { env, running, write } = await startConfigured(workersYaml(1), ['--demo']);
  write(workersYaml(2));
  running.child.kill('SIGHUP');
  await until(() => expect(running.output.stderr).toContain('Configuration 2 is in force'));
  expect((await koubou(['delegate', '--sync', 'x'], env)).stdout).toMatch(/^\[demo\]/);
});

test('a second signal ends a drain that lasts at once, with 1', async () => {
  const { running } = await startBusyServer();
  running.child.kill('SIGTERM');
  await until(() => expect(running.output.stderr).toContain('Stopping'));
  running.child.kill('SIGTERM');
  const { exitCode, stderr } = await running.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Stopped at once');
});

test('a second Ctrl-C in `koubou stop` kills a server whose drain lasts', async () => {
  const { env, running } = await startBusyServer();
  const stop = start(['stop'], env);
  await until(() => expect(running.output.stderr).toContain('Stopping'));
  stop.child.kill('SIGINT');
  await until(() => expect(stop.output.stderr).toContain('Ctrl-C once more kills it'));
  stop.child.kill('SIGINT');
  expect(await stop.ended).toMatchObject({ exitCode: 0 });
  await running.ended;
  expect(running.child.signalCode).toBe('SIGKILL');
});

test('a server outlives the reader of its output', async () => {
  const env = freshEnvironment();
  const running = await startServer(env);
  running.child.stdout?.destroy();
  running.child.stderr?.destroy();
  expect((await koubou(['delegate', '--sync', 'x'], env)).exitCode).toBe(0);
  expect((await koubou(['stop'], env)).exitCode).toBe(0);
});

const workersYaml = (slots: number) =>
  `workers:\n  local_workers:\n    - worker_id: w1\n      server_host: http://127.0.0.1:9\n      max_concurrent_tasks: ${slots}\n`;

/** A server, and what changes its workers.yaml. */
async function startConfigured(workers: string, args: readonly string[] = []) {
  const folder = writeConfig({ workers });
  const env = freshEnvironment({ KOUBOU_CONFIG: folder });
  const running = await startServer(env, args);
  const write = (text: string) => writeFileSync(join(folder, 'workers.yaml'), text);
  return { env, running, write };
}

function logOf(env: Readonly<Record<string, string>>): string {
  return readFileSync(join(env['KOUBOU_HOME'] ?? '', 'logs', 'mcp_server.log'), 'utf8');
}

async function startServerJson() {
  const running = start(['start', '--demo', '--json'], freshEnvironment());
  await until(() => expect(running.output.stdout).toContain('\n'));
  return running;
}

/** A server whose worker is at a task that does not end. */
async function startBusyServer() {
  const fake = await startFakeOllama({ mode: 'hang' });
  onDisposal(() => fake.close());
  const workers = `workers:\n  local_workers:\n    - worker_id: w1\n      server_host: ${fake.url}\n`;
  const env = freshEnvironment({ KOUBOU_CONFIG: writeConfig({ workers }) });
  const running = await startServer(env, []);
  await koubou(['delegate', 'x'], env);
  await until(() => expect(fake.openGenerations).toBe(1));
  return { env, running };
}
