import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { binPath, freshEnvironment, koubou, start, startServer } from './command.ts';

const taskId = /^task_\d{8}_\d{6}_\d{6}_\w+$/;

async function setup(more: Readonly<Record<string, string>> = {}) {
  const env = freshEnvironment(more);
  await startServer(env);
  return {
    env,
    run: (args: readonly string[], stdin?: string) => koubou(args, env, stdin === undefined ? {} : { stdin }),
  };
}

test('delegate prints the id; task, tasks and cancel take it from there', async () => {
  const { run } = await setup();
  const { stdout, exitCode } = await run(['delegate', '--delay', '3600', '--priority', '9', 'a later one']);
  const id = stdout.trim();
  expect(exitCode).toBe(0);
  expect(id).toMatch(taskId);
  const { stdout: shown } = await run(['task', id, '--json']);
  expect(JSON.parse(shown)).toMatchObject({
    task_id: id,
    status: 'pending',
    state: 'scheduled',
    priority: 9,
  });
  const { stdout: listed } = await run(['tasks', '--status', 'pending']);
  expect(listed).toContain(id);
  expect(await run(['cancel', id])).toMatchObject({ exitCode: 0, stdout: `${id}  cancelled\n` });
  const twice = await run(['cancel', id, '--json']);
  expect(twice.exitCode).toBe(1);
  expect(JSON.parse(twice.stdout)).toMatchObject({ task_id: id, error: { code: 'CONFLICT' } });
});

test('delegate --sync prints the answer, --json the whole task', async () => {
  const { run } = await setup();
  const plain = await run(['delegate', '--sync', 'hello']);
  expect(plain).toMatchObject({ exitCode: 0, stderr: '' });
  expect(plain.stdout).toMatch(/^\[demo\]/);
  const { stdout } = await run(['delegate', '--sync', '--json', '--type', 'translation', '-'], 'from stdin');
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'completed',
    success: true,
    prompt: 'from stdin',
    type: 'translation',
    error: null,
    result: { success: true },
  });
});

test('delegate --follow streams the same text as the answer', async () => {
  const { run } = await setup();
  const { stdout, exitCode } = await run(['delegate', '--follow', '工房']);
  expect(exitCode).toBe(0);
  const { stdout: listed } = await run(['tasks', '--json', '--limit', '1']);
  const id = JSON.parse(listed).tasks[0].task_id;
  const { stdout: task } = await run(['task', id, '--json']);
  expect(stdout).toBe(JSON.parse(task).result.output);
});

test('retry prints the id of the new task', async () => {
  const { run } = await setup();
  const id = (await run(['delegate', '--delay', '3600', 'x'])).stdout.trim();
  await run(['cancel', id]);
  const { stdout, exitCode } = await run(['retry', id]);
  expect(exitCode).toBe(0);
  expect(stdout.trim()).toMatch(taskId);
  expect(stdout.trim()).not.toBe(id);
  expect((await run(['retry', 'task_20200101_000000_000000_nobody'])).exitCode).toBe(1);
});

test('all that a task may be given reaches the server', async () => {
  const { run } = await setup();
  const args = [
    '--model',
    'm:1b',
    '--timeout',
    '7.5',
    '--file',
    'a.ts',
    '--file',
    'b.ts',
    '--output-file',
    'o/x.md',
  ];
  const { stdout } = await run(['delegate', ...args, '--delay', '60', '--json', 'x']);
  const { stdout: task } = await run(['task', JSON.parse(stdout).task_id, '--json']);
  expect(JSON.parse(task).metadata).toMatchObject({
    options: { model: 'm:1b', timeout: 7.5 },
    files: ['a.ts', 'b.ts'],
    output_file: 'o/x.md',
    created_by: 'cli',
  });
});

test('a request that the server refuses is told in its words', async () => {
  const { run } = await setup();
  const { exitCode, stdout, stderr } = await run(['delegate', '--type', 'cooking', 'x']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain('must be one of general');
});

test('status and workers show the pool', async () => {
  const { env, run } = await setup();
  const status = JSON.parse((await run(['status', '--json'])).stdout);
  expect(status).toMatchObject({ ready: true, pool: 'running', tasks: { pending: 0, completed: 0 } });
  expect(status.pid).toBe(Number(readFileSync(join(env['KOUBOU_HOME'] ?? '', 'run', 'koubou.pid'), 'utf8')));
  const { stdout } = await run(['workers']);
  expect(stdout).toMatch(/^WORKER +STATUS +ADMISSION +LIVENESS +BREAKER +SLOTS +LOADED\n/);
  expect(stdout).toContain('local_001');
});

test('a token is presented from the environment, and asked for without it', async () => {
  const { env, run } = await setup({ KOUBOU_API_TOKEN: 'hush-4711' });
  expect((await run(['delegate', '--sync', 'x'])).exitCode).toBe(0);
  const { KOUBOU_API_TOKEN: _, ...withoutToken } = env;
  const { exitCode, stderr } = await koubou(['tasks'], withoutToken);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('KOUBOU_API_TOKEN');
});

test('logs shows and follows what happens, and names the logs there are', async () => {
  const { env, run } = await setup();
  await run(['delegate', '--sync', 'first of all']);
  const { stdout } = await run(['logs', '-n', '100']);
  expect(stdout).toMatch(/INFO {2}server is ready/);
  expect(stdout).toMatch(/INFO {2}task completed task_id=task_/);
  const following = start(['logs', 'pool', '-f', '-n', '1', '--json'], env);
  await until(() => expect(following.output.stdout).not.toBe('')); // It follows now.
  await koubou(['delegate', '--sync', 'while followed'], env);
  await until(() => expect(following.output.stdout).toContain('while followed'));
  following.child.kill('SIGTERM');
  const unknown = await run(['logs', 'nobody']);
  expect(unknown.exitCode).toBe(1);
  expect(unknown.stderr).toContain('server, pool, local_001');
});

test('a reader that has seen enough ends a command quietly', async () => {
  const { env, run } = await setup();
  await run(['delegate', 'x'.repeat(100_000)]);
  const piped = `"${process.execPath}" "${binPath}" tasks --json | true; "${process.execPath}" "${binPath}" logs | head -c 1`;
  const { stderr, status } = spawnSync('sh', ['-c', piped], { env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
