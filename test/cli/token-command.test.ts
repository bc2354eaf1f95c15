import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { english } from '../../src/cli/messages-en.ts';
import { holderOf } from '../../src/cli/server-process.ts';
import { homePaths } from '../../src/db/home.ts';
import { freshEnvironment, startServer } from './command.ts';
import { koubouHere } from './recorded-terminal.ts';

const words = english.token;

function setup(more: Record<string, string> = {}) {
  const env = freshEnvironment(more);
  const run = (...args: string[]) => koubouHere(['token', ...args], env);
  const withToken = (token: string) => ({
    run: (...args: string[]) => koubouHere(args, { ...env, KOUBOU_API_TOKEN: token }),
  });
  return { env, run, withToken, paths: homePaths(env['KOUBOU_HOME'] ?? '') };
}

test('without a server, tokens are made, listed and revoked in the home, and the home is left free', async () => {
  const { run, paths } = setup();
  const made = await run('create', 'laptop', '--scope', 'admin', '--expires', '30d');
  expect([made.exitCode, made.stdout]).toEqual([0, expect.stringMatching(/^koubou_[\w-]{43}\n$/)]);
  expect(made.stderr).toContain(words.nowAsked);
  expect(holderOf(paths)).toEqual({ kind: 'nobody' });
  const { tokens } = JSON.parse((await run('list', '--json')).stdout);
  expect(tokens).toMatchObject([{ name: 'laptop', scopes: ['admin'], last_used_at: null }]);
  const days = (Date.parse(tokens[0].expires_at) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(29.9);
  expect(days).toBeLessThan(30.1);
  expect((await run('list')).stdout).toMatch(/^tok_\w{12} +admin +.*valid until .*laptop$/m);
  const over = await run('revoke', tokens[0].token_id);
  expect([over.exitCode, over.stderr]).toEqual([0, `${words.revoked('laptop')}\n${words.nobodyAsked}\n`]);
  expect((await run('list')).stdout).toMatch(/revoked +laptop$/m);
});

test('while a server runs, a token holds at once and ends at once; it stands in no file', async () => {
  const { env, run, withToken, paths } = setup();
  const running = await startServer(env, ['--demo']);
  expect((await koubouHere(['pool'], env)).exitCode).toBe(0);
  const token = (await run('create', 'laptop', '--scope', 'admin')).stdout.trim();
  const refused = await koubouHere(['pool'], env);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('asks for a token')]);
  const known = withToken(token);
  expect((await known.run('pool')).exitCode).toBe(0);
  const made = await known.run('token', 'create', 'ci', '-s', 'read', '-s', 'submit', '--json');
  const ci = JSON.parse(made.stdout);
  expect(ci.scopes).toEqual(['submit', 'read']);
  expect((await withToken(ci.token).run('pool')).exitCode).toBe(0);
  expect((await withToken(ci.token).run('pause')).stderr).toContain('the scope admin');
  expect((await known.run('token', 'revoke', ci.token_id)).exitCode).toBe(0);
  expect((await withToken(ci.token).run('pool')).exitCode).toBe(1);
  const said = running.output.stdout + running.output.stderr;
  const files = readdirSync(paths.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  expect(files.length).toBeGreaterThan(3);
  for (const text of [said, ...files]) {
    expect(text).not.toContain(token);
    expect(text).not.toContain(ci.token);
  }
});

test('a server that other machines reach starts once there is a token, and not before', async () => {
  const { env, run } = setup({ KOUBOU_HOST: '0.0.0.0' });
  const check = () => koubouHere(['config', 'check'], env);
  expect((await check()).stdout + (await check()).stderr).toContain('koubou token create');
  expect((await check()).exitCode).toBe(2);
  const { token } = JSON.parse((await run('create', 'laptop', '-s', 'admin', '--json')).stdout);
  expect((await check()).exitCode).toBe(0);
  await startServer(env, ['--demo']);
  expect((await koubouHere(['pool'], env)).exitCode).toBe(1);
  expect((await koubouHere(['pool'], { ...env, KOUBOU_API_TOKEN: token })).exitCode).toBe(0);
});

test.each([
  [['create', 'x'], 2, '--scope'],
  [['create', 'x', '--scope', 'root'], 2, words.scopeChoice('submit, read, admin, worker')],
  [['create', 'x', '--scope', 'admin', '--expires', '11y'], 2, words.span],
  [['create', 'x', '--scope', 'admin', '--expires', 'soon'], 2, words.span],
  [['create', ' ', '--scope', 'admin'], 2, words.badName],
  [['create', 'a\nb', '--scope', 'admin'], 2, words.badName],
  [['create', 'x', '--scope', 'read'], 1, 'needs the scope admin'],
  [['list'], 1, 'There is no database yet'],
  [['revoke', 'tok_x'], 1, 'There is no database yet'],
])('koubou token %j ends with %i, and says why', async (args, exitCode, message) => {
  const { run } = setup();
  const ended = await run(...args);
  expect([ended.exitCode, ended.stderr]).toEqual([exitCode, expect.stringContaining(message)]);
});

test('an id that is not known is told so, with and without a server', async () => {
  const { env, run } = setup();
  await run('create', 'x', '-s', 'worker');
  expect((await run('revoke', 'tok_none')).stderr).toBe(`${words.unknown('tok_none')}\n`);
  await startServer(env, ['--demo']);
  expect((await run('revoke', 'tok_none')).stderr).toBe(`${words.unknown('tok_none')}\n`);
});
