import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { homePaths } from '../../src/db/home.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import { accept, makeTask } from '../support/store-samples.ts';
import { freshEnvironment, startServer } from './command.ts';
import { koubouHere } from './recorded-terminal.ts';

const mebibyte = 1_024 ** 2;

/** A home with tasks, and with free space in its database; `old` is a file as older versions made it. */
async function filledHome(old: boolean) {
  const env = freshEnvironment();
  const file = homePaths(env['KOUBOU_HOME'] ?? '').database;
  mkdirSync(join(env['KOUBOU_HOME'] ?? '', 'db'), { recursive: true });
  const store = openStore(file, 'normal', Date.now());
  await store.commit([accept(makeTask(1, { runAtMs: Date.now() + 86_400_000 }))]);
  store.close();
  const client = new Database(file);
  client.exec('CREATE TABLE filler (text); INSERT INTO filler VALUES (zeroblob(8388608)); DROP TABLE filler');
  if (old) {
    client.pragma('auto_vacuum = NONE');
    client.exec('VACUUM');
    client.exec(
      'CREATE TABLE filler (text); INSERT INTO filler VALUES (zeroblob(8388608)); DROP TABLE filler',
    );
  }
  client.close();
  return { env, file };
}

test.each([false, true])('gives free space back while no server runs (older file: %s)', async (old) => {
  const { env, file } = await filledHome(old);
  const { exitCode, stdout } = await koubouHere(['db', 'vacuum', '--json'], env);
  const { given_back_bytes, file_bytes, shrinks } = JSON.parse(stdout);
  expect([exitCode, shrinks]).toEqual([0, true]);
  expect(given_back_bytes).toBeGreaterThan(7 * mebibyte);
  expect(file_bytes).toBeLessThan(mebibyte);
  const client = new Database(file, { readonly: true });
  expect(client.pragma('auto_vacuum', { simple: true })).toBe(2);
  expect(client.prepare('SELECT count(*) FROM task_master').pluck().get()).toBe(1);
  client.close();
});

test('has the server do it while one runs', async () => {
  const { env } = await filledHome(false);
  await startServer(env);
  const { exitCode, stdout } = await koubouHere(['db', 'vacuum', '--json'], env);
  const { given_back_bytes, shrinks } = JSON.parse(stdout);
  expect([exitCode, shrinks]).toEqual([0, true]);
  expect(given_back_bytes).toBeGreaterThan(7 * mebibyte);
  const status = JSON.parse((await koubouHere(['db', 'status', '--json'], env)).stdout);
  expect(status).toMatchObject({ free_bytes: 0, shrinks: true, tasks: { pending: 1 } });
});

test('says what to do where the file of a running server cannot be shrunk', async () => {
  const { env } = await filledHome(true);
  await startServer(env);
  const { exitCode, stderr } = await koubouHere(['db', 'vacuum'], env);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('while no server runs');
});

test('status tells what is kept, also while nobody serves it', async () => {
  const { env } = await filledHome(false);
  const { exitCode, stdout } = await koubouHere(['db', 'status'], env);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/TASKS\s+pending 1, in_progress 0/);
  expect(stdout).toContain('30 days, 1000000 ended tasks');
  expect(stdout).toMatch(/events 1 to 1/);
});
