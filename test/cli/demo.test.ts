import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onDisposal } from '../support/disposal.ts';
import { until } from '../support/until.ts';
import { freshEnvironment, freshFolder, koubou, start } from './command.ts';

/** Without a home: the demo makes one, below a folder for temporary files that the test can look into. */
function setup(more: Readonly<Record<string, string>> = {}) {
  const { KOUBOU_HOME: _, ...env } = freshEnvironment(more);
  const TMPDIR = mkdtempSync(join(freshFolder(), 'tmp-'));
  return { env: { ...env, TMPDIR }, temporary: () => readdirSync(TMPDIR) };
}

test('--once shows a task from delegation to answer over HTTP, exits 0 and leaves nothing behind', async () => {
  const { env, temporary } = setup();
  const { exitCode, stdout, stderr } = await koubou(['demo', '--once'], env);
  expect(exitCode).toBe(0);
  const order = ['POST /task/delegate', 'task.accepted', 'task.assigned', '[demo]', 'task.completed'];
  const places = order.map((part) => stdout.indexOf(part));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
  expect(stderr).toContain('DEMO: no model is asked');
  expect(temporary()).toEqual([]);
});

test('--once --json prints the task alone', async () => {
  const { stdout, exitCode } = await koubou(['demo', '--once', '--json'], setup().env);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'completed', worker_id: 'demo_001', success: true });
});

test('it stays up with requests to try, until Ctrl-C', async () => {
  const { env, temporary } = setup();
  const running = start(['demo'], env);
  await until(() => expect(running.output.stdout).toContain('/events\n\n'));
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.output.stdout)?.[0] ?? '';
  expect(running.output.stdout).toContain(`curl -s ${url}/task/delegate`);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  running.child.kill('SIGINT');
  expect((await running.ended).exitCode).toBe(0);
  expect(temporary()).toEqual([]);
});

test('a port that is taken is no obstacle, and a home that is named is kept', async () => {
  const occupier = createServer();
  await new Promise<void>((resolve) => occupier.listen(0, '127.0.0.1', resolve));
  onDisposal(() => new Promise((resolve) => occupier.close(resolve)));
  const { port } = occupier.address() as AddressInfo;
  const env = freshEnvironment({ KOUBOU_MCP_PORT: String(port) });
  const { exitCode, stderr } = await koubou(['demo', '--once'], env);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('takes a free port');
  expect(existsSync(join(env['KOUBOU_HOME'] ?? '', 'db', 'koubou.db'))).toBe(true);
});
