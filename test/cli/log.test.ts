import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homePaths } from '../../src/db/home.ts';
import { openLogs } from '../../src/log.ts';
import { limits } from '../../src/machines/limits.ts';
import { freshFolder } from './command.ts';

const settings = { level: 'info', maxSizeBytes: 1_000_000, keepFiles: 1 } as const;

function setup() {
  const paths = homePaths(join(freshFolder(), 'home'));
  return { paths, logs: openLogs(paths, settings) };
}

function recordsIn(file: string): readonly Record<string, unknown>[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('each log has its file, each line its level, time and origin', async () => {
  const { paths, logs } = setup();
  logs.server.info({ url: 'x' }, 'ready');
  logs.pool.warn({}, 'waits');
  logs.worker('local_001').error({ type: 'error' }, 'failed');
  logs.worker('local_001').info({}, 'again');
  await logs.close();
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
  expect(recordsIn(join(paths.logs, 'mcp_server.log'))).toEqual([
    { level: 'info', time, pid: process.pid, url: 'x', msg: 'ready' },
  ]);
  expect(recordsIn(join(paths.logs, 'worker_pool_manager.log'))).toEqual([
    { level: 'warn', time, pid: process.pid, msg: 'waits' },
  ]);
  expect(recordsIn(join(paths.workerLogs, 'local_001.log'))).toEqual([
    { level: 'error', time, worker: 'local_001', type: 'error', msg: 'failed' },
    { level: 'info', time, worker: 'local_001', msg: 'again' },
  ]);
});

test('the level of the settings decides what is written; a log without lines has no file', async () => {
  const { paths, logs } = setup();
  logs.server.debug({}, 'too fine');
  await logs.close();
  expect(existsSync(paths.logs)).toBe(false);
});

test('a prompt is cut at its limit, and not in the middle of a character', async () => {
  const { paths, logs } = setup();
  const atLimit = 'x'.repeat(limits.logPromptCharsMax);
  for (const prompt of [atLimit, `${atLimit}y`, `${atLimit.slice(1)}🛠️ and on`])
    logs.pool.info({ prompt }, '');
  await logs.close();
  const prompts = recordsIn(join(paths.logs, 'worker_pool_manager.log')).map(({ prompt }) => prompt);
  expect(prompts).toEqual([atLimit, `${atLimit}…`, `${atLimit.slice(1)}…`]);
});

test('tokens and the name of a worker that leads elsewhere get nowhere', async () => {
  const { paths, logs } = setup();
  logs.worker('../../escape').info({ headers: { authorization: 'Bearer hush' } }, 'hello');
  await logs.close();
  const text = readFileSync(join(paths.workerLogs, '.._.._escape.log'), 'utf8');
  expect(text).toContain('[Redacted]');
  expect(text).not.toContain('hush');
});
