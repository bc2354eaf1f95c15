import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { holderOf, isAlive } from '../../src/cli/server-process.ts';
import { homePaths } from '../../src/db/home.ts';
import { freshEnvironment, koubou, start, startServer } from './command.ts';

test('nobody holds a home that does not exist, or in which a pid was left behind', () => {
  const paths = homePaths(freshEnvironment()['KOUBOU_HOME'] ?? '');
  expect(holderOf(paths)).toEqual({ kind: 'nobody' });
  mkdirSync(paths.run, { recursive: true });
  writeFileSync(paths.pidFile, `${process.pid}\n`);
  writeFileSync(join(paths.run, 'koubou.lock'), '');
  expect(holderOf(paths)).toEqual({ kind: 'nobody' });
});

test('a running server is found by its lock, and gone when it was killed', async () => {
  const env = freshEnvironment();
  const paths = homePaths(env['KOUBOU_HOME'] ?? '');
  const { child, ended } = await startServer(env);
  expect(holderOf(paths)).toEqual({ kind: 'server', pid: child.pid });
  child.kill('SIGKILL');
  await ended;
  expect(isAlive(child.pid ?? 0)).toBe(false);
  expect(holderOf(paths)).toEqual({ kind: 'nobody' });
});

test('a stranger who got the pid of a former server is not stopped', async () => {
  const env = freshEnvironment();
  const paths = homePaths(env['KOUBOU_HOME'] ?? '');
  await startServer(env);
  const stranger = start(['delegate', '-'], freshEnvironment()); // Waits for its stdin.
  writeFileSync(paths.pidFile, `${stranger.child.pid}\n`);
  expect(holderOf(paths)).toEqual({ kind: 'stranger' });
  const { exitCode, stderr } = await koubou(['stop', '--force'], env);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('run/koubou.pid');
  expect(isAlive(stranger.child.pid ?? 0)).toBe(true);
});
