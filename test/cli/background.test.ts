import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { isAlive } from '../../src/cli/server-process.ts';
import { onDisposal } from '../support/disposal.ts';
import { freshEnvironment, koubou } from './command.ts';

async function startInBackground(env: Readonly<Record<string, string>>): Promise<number> {
  onDisposal(() => koubou(['stop', '--force'], env));
  const { exitCode, stdout, stderr } = await koubou(['start', '--background', '--demo', '--json'], env);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout).pid;
}

test('it comes back when the server answers, and stop ends it', async () => {
  const env = freshEnvironment();
  const pid = await startInBackground(env);
  expect((await koubou(['status'], env)).exitCode).toBe(0);
  const { exitCode, stdout } = await koubou(['stop', '--json'], env);
  expect({ exitCode, told: JSON.parse(stdout) }).toEqual({ exitCode: 0, told: { stopped: true, pid } });
  expect(isAlive(pid)).toBe(false);
  const again = await koubou(['stop'], env);
  expect(again.exitCode).toBe(0);
  expect(again.stderr).toContain('No server is running');
  const status = await koubou(['status'], env);
  expect(status.exitCode).toBe(1);
  expect(status.stderr).toContain('koubou start');
});

test('restart gives the home to a new process', async () => {
  const env = freshEnvironment();
  const former = await startInBackground(env);
  const { exitCode, stdout } = await koubou(['restart', '--demo', '--json'], env);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout).pid).not.toBe(former);
  expect(isAlive(former)).toBe(false);
  expect((await koubou(['status'], env)).exitCode).toBe(0);
});

test('restart brings a demo back as a demo, whether it runs or was killed, unless told otherwise', async () => {
  const env = freshEnvironment();
  const isDemoAfter = async (args: readonly string[]) =>
    JSON.parse((await koubou(['restart', '--json', ...args], env)).stdout).demo;
  await startInBackground(env);
  expect(await isDemoAfter([])).toBe(true);
  expect(await isDemoAfter(['--force'])).toBe(true);
  expect(await isDemoAfter(['--no-demo'])).toBe(false);
  expect(await isDemoAfter([])).toBe(false);
  await isDemoAfter(['--demo']);
  await koubou(['stop', '--force'], env);
  expect(await isDemoAfter([])).toBe(true);
  await koubou(['stop'], env);
  expect(await isDemoAfter([])).toBe(false); // It ended in order: this is a start like any other.
});

test('stop --force ends it without a drain, and the next start finds nothing in its way', async () => {
  const env = freshEnvironment();
  const pid = await startInBackground(env);
  expect((await koubou(['stop', '--force'], env)).exitCode).toBe(0);
  expect(isAlive(pid)).toBe(false);
  await startInBackground(env);
});

test('what keeps it from starting is shown', async () => {
  const occupier = createServer();
  await new Promise<void>((resolve) => occupier.listen(0, '127.0.0.1', resolve));
  onDisposal(() => new Promise((resolve) => occupier.close(resolve)));
  const { port } = occupier.address() as AddressInfo;
  const { exitCode, stdout, stderr } = await koubou(
    ['start', '-b', '--demo'],
    freshEnvironment({ KOUBOU_MCP_PORT: String(port) }),
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain(`port ${port} on 127.0.0.1 is taken`);
});
