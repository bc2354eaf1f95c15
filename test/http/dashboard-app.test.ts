import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createDashboardApp } from '../../src/http/dashboard-app.ts';
import { setupRest } from '../support/rest-client.ts';
import { type SetUp, setupRuntime, temporaryFolder } from '../support/running-server.ts';

const ports = { rest: 1, websocket: 2, graphql: 3, logs: 4 };
const script = 'console.log("工房")'.repeat(100);

async function setupDashboard(setUp: SetUp = {}) {
  const { runtime } = await setupRuntime(setUp);
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(folder, 'assets', 'index-abc.js'), script);
  const app = createDashboardApp({ runtime, log: { error: () => undefined }, ports, folder });
  return (path: string, init: RequestInit = {}) =>
    app.request(`http://localhost:8080${path}`, {
      ...init,
      headers: { host: 'localhost:8080', ...(init.headers as Record<string, string> | undefined) },
    });
}

const locked = (config: Parameters<NonNullable<SetUp['change']>>[0]) => ({ ...config, apiToken: 'sesame' });

function form(token: string, headers: Record<string, string> = {}): RequestInit {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', body: new URLSearchParams({ token }), headers: { ...type, ...headers } };
}

describe('the page', () => {
  test('is there for this machine without a token, and knows where the doors are', async () => {
    const ask = await setupDashboard();
    expect(await (await ask('/')).text()).toContain('<title>page</title>');
    const facts = await (await ask('/server.json')).json();
    expect(facts).toMatchObject({ ports, scopes: ['submit', 'read', 'admin'], isSignedIn: false });
    expect((await ask('/login')).headers.get('location')).toBe('/');
  });

  test('runs no script but its own, stands in no frame, and speaks to its own doors alone', async () => {
    const ask = await setupDashboard();
    const { headers } = await ask('/');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain('ws://localhost:2');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('is kept by browsers: hashed files for ever, others until they change', async () => {
    const ask = await setupDashboard();
    const asset = await ask('/assets/index-abc.js', { headers: { 'accept-encoding': 'gzip, br' } });
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('content-encoding')).toBe('br');
    expect(brotliDecompressSync(await asset.arrayBuffer()).toString()).toBe(script);
    const page = await ask('/');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const etag = page.headers.get('etag') ?? '';
    expect((await ask('/', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  test.each([
    '/assets/../index.html',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets//etc/passwd',
    '/assets/no.js',
  ])('gives out nothing but its own files: %s', async (path) => {
    const ask = await setupDashboard();
    const answer = await ask(path);
    expect([
      '',
      'there is nothing here; the dashboard is at /',
      '<!doctype html><title>page</title>',
    ]).toContain(await answer.text());
    if (!path.includes('index.html')) expect(answer.status).toBe(404);
  });

  test('answers under no name but that of this machine, without a token', async () => {
    const ask = await setupDashboard();
    expect((await ask('/', { headers: { host: 'evil.example' } })).status).toBe(403);
  });
});

describe('signing in', () => {
  test('is asked for where the server asks for tokens, in the language of the browser', async () => {
    const ask = await setupDashboard({ change: locked });
    const home = await ask('/');
    expect([home.status, home.headers.get('location')]).toEqual([302, '/login']);
    expect((await ask('/server.json')).status).toBe(401);
    expect(await (await ask('/login')).text()).toContain('Sign in');
    const japanese = await ask('/login', { headers: { 'accept-language': 'ja,en;q=0.5' } });
    expect(await japanese.text()).toContain('ログイン');
  });

  test('gives a cookie that scripts and other sites cannot use, and it lets in', async () => {
    const ask = await setupDashboard({ change: locked });
    const answer = await ask('/login', form('sesame'));
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Strict/i);
    const session = { headers: { cookie: cookie.split(';')[0] ?? '' } };
    expect((await ask('/', session)).status).toBe(200);
    expect(await (await ask('/server.json', session)).json()).toMatchObject({ isSignedIn: true });
    const out = await ask('/logout', { method: 'POST', ...session });
    expect(out.headers.get('set-cookie')).toMatch(/Max-Age=0/);
  });

  test('with a wrong token says so, and never shows what was sent', async () => {
    const ask = await setupDashboard({ change: locked });
    const answer = await ask('/login', form('<script>wrong'));
    expect(answer.status).toBe(401);
    const text = await answer.text();
    expect(text).toContain('the token is wrong');
    expect(text).not.toContain('wrong</');
    expect(text).not.toContain('<script>');
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  test('is not done for another site', async () => {
    const ask = await setupDashboard({ change: locked });
    expect((await ask('/login', form('sesame', { origin: 'https://evil.example' }))).status).toBe(403);
    expect((await ask('/logout', form('', { origin: 'https://evil.example' }))).status).toBe(403);
  });
});

test('the cookie counts for the dashboard alone: another page of this machine brings it along in vain', async () => {
  const ports = { rest: 8765, websocket: 8766, graphql: 8767, logs: 8768, dashboard: 8080 };
  const rest = await setupRest({ change: (config) => ({ ...locked(config), ports }) });
  const from = (origin: string | undefined) =>
    rest.get('/tasks', {
      host: 'localhost:8765',
      cookie: 'koubou_session=sesame',
      ...(origin === undefined ? {} : { origin }),
    });
  expect((await from('http://localhost:8080')).status).toBe(200);
  expect((await from(undefined)).status).toBe(200);
  expect((await from('http://localhost:3000')).status).toBe(401);
  expect((await from('http://127.0.0.1:8080')).status).toBe(401);
});
