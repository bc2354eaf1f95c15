import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { checkDatabase, checkDisk, checkNode } from '../../src/cli/home-checks.ts';
import { english } from '../../src/cli/messages-en.ts';
import { openDatabase } from '../../src/db/client.ts';
import { homePaths } from '../../src/db/home.ts';
import { writeConfig } from '../config/config-folder.ts';
import { onDisposal } from '../support/disposal.ts';
import { startFakeOllama } from '../support/fake-ollama.ts';
import { freshEnvironment, freshFolder, startServer } from './command.ts';
import { koubouHere } from './recorded-terminal.ts';

const words = english.doctor;

async function fakeOllama(): Promise<string> {
  const fake = await startFakeOllama({ models: ['tiny:latest'] });
  onDisposal(() => fake.close());
  return fake.url;
}

const workers = (url: string, model: string) =>
  `workers:\n  local_workers:\n    - worker_id: w1\n      model: "${model}"\n      server_host: ${url}\n`;

async function diagnose(env: Readonly<Record<string, string>>) {
  const { exitCode, stdout } = await koubouHere(['doctor', '--json'], env);
  const { ok, checks } = JSON.parse(stdout) as {
    ok: boolean;
    checks: { check: string; state: string; advice: string }[];
  };
  return { exitCode, ok, of: (name: string) => checks.find(({ check }) => check === name) };
}

test('an installation that is right passes, and every check is told', async () => {
  const env = freshEnvironment({
    KOUBOU_CONFIG: writeConfig({ workers: workers(await fakeOllama(), 'tiny') }),
  });
  const { exitCode, stdout } = await koubouHere(['doctor'], env);
  expect(exitCode).toBe(0);
  for (const check of ['node', 'home', 'disk', 'database', 'config', 'port', 'worker w1']) {
    expect(stdout).toMatch(new RegExp(`^ok +${check}: `, 'm'));
  }
});

test('a missing model and a server that is not there are told with what to do', async () => {
  const missing = freshEnvironment({
    KOUBOU_CONFIG: writeConfig({ workers: workers(await fakeOllama(), 'big:70b') }),
  });
  const first = await diagnose(missing);
  expect(first).toMatchObject({ exitCode: 1, ok: false });
  expect(first.of('worker w1')?.advice).toContain('ollama pull big:70b');
  const away = freshEnvironment({
    KOUBOU_CONFIG: writeConfig({ workers: workers('http://127.0.0.1:9', 'tiny') }),
  });
  const second = await diagnose(away);
  expect(second.of('worker w1')).toMatchObject({
    state: 'broken',
    advice: expect.stringContaining('ollama serve'),
  });
});

test.each([
  'ollama',
  'openai',
])('the password in the address of a server of %s is not shown', async (backend) => {
  const url = 'http://name:hu%40sh@127.0.0.1:9/a@b';
  const yaml = `${workers(url, 'tiny')}      backend: ${backend}\n`;
  const env = freshEnvironment({ KOUBOU_CONFIG: writeConfig({ workers: yaml }) });
  for (const args of [['doctor'], ['doctor', '--json']]) {
    const { stdout } = await koubouHere(args, env);
    expect(stdout).not.toMatch(/name|hu%40sh/);
    expect(stdout).toContain('http://***@127.0.0.1:9/a@b');
  }
});

test('a wrong configuration is told with its lines, and the rest is checked nevertheless', async () => {
  const { exitCode, of } = await diagnose(
    freshEnvironment({ KOUBOU_CONFIG: writeConfig({ koubou: 'hots: x\n' }) }),
  );
  expect(exitCode).toBe(1);
  expect(of('config')).toMatchObject({ state: 'broken', detail: expect.stringContaining('koubou.yaml:1:1') });
  expect(of('node')?.state).toBe('ok');
});

test("the port may be ours, but nobody else's", async () => {
  const ours = freshEnvironment();
  await startServer(ours);
  expect((await diagnose(ours)).of('port')?.state).toBe('ok');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onDisposal(() => new Promise((resolve) => other.close(resolve)));
  const { port } = other.address() as AddressInfo;
  const taken = await diagnose(freshEnvironment({ KOUBOU_MCP_PORT: String(port) }));
  expect(taken.of('port')).toMatchObject({
    state: 'broken',
    advice: expect.stringContaining(`lsof -i :${port}`),
  });
});

test.each([
  ['20.19.0', 'ok'],
  ['24.1.0', 'ok'],
  ['20.18.3', 'broken'],
  ['18.20.0', 'broken'],
])('Node %s is %s', (version, state) => {
  expect(checkNode(words, version).state).toBe(state);
});

test('a disk is looked at where the home will be', () => {
  expect(checkDisk(words, homePaths(`${freshFolder()}/not/there/yet`)).detail).toMatch(/^\d+ MiB free$/);
});

test('a database is sound, damaged, foreign, or not there yet', () => {
  const freshPaths = () => {
    const paths = homePaths(freshFolder());
    mkdirSync(dirname(paths.database));
    return paths;
  };
  const sound = freshPaths();
  openDatabase(sound.database, 'normal').$client.close();
  expect(checkDatabase(words, sound)).toMatchObject({ state: 'ok', detail: sound.database });

  const newer = freshPaths();
  const db = openDatabase(newer.database, 'normal');
  db.$client.prepare("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of tomorrow', 1)").run();
  db.$client.close();
  expect(checkDatabase(words, newer)).toMatchObject({ state: 'broken', detail: words.newerDatabase });

  const foreign = freshPaths();
  new Database(foreign.database).exec('CREATE TABLE task_master (task_id)').close();
  expect(checkDatabase(words, foreign).state).toBe('broken');

  const damaged = freshPaths();
  writeFileSync(damaged.database, 'no database'.repeat(100));
  expect(checkDatabase(words, damaged)).toMatchObject({ state: 'broken', advice: words.databaseAdvice });

  expect(checkDatabase(words, freshPaths())).toMatchObject({ state: 'ok' });
});
