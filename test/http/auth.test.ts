import { expect, test } from 'vitest';
import { setupRest } from '../support/rest-client.ts';

const withToken = {
  change: <C extends { apiToken: string | null }>(config: C): C => ({ ...config, apiToken: 'secret' }),
};

const operatorsRead = ['/pool', '/workers', '/workers/worker_1', '/task/x/attempts'];
const operatorsDo = [
  '/pool/pause',
  '/pool/resume',
  '/pool/reload',
  '/workers/worker_1/drain',
  '/workers/worker_1/rest',
  '/workers/worker_1/resume',
  '/workers/worker_1/breaker/close',
  '/tasks/retry',
];

test.each([
  ['no token', {}],
  ['a wrong token', { authorization: 'Bearer wrong' }],
  ['another scheme', { authorization: 'Basic secret' }],
  ['an empty token', { authorization: 'Bearer ' }],
])('with a token configured, %s is 401 on every path that says something about tasks', async (_name, headers) => {
  const rest = await setupRest(withToken);
  for (const path of ['/tasks', '/workers/status', '/openapi.json', '/task/x', ...operatorsRead]) {
    const { status, body, headers: answered } = await rest.get(path, headers);
    expect([status, body.error.code]).toEqual([401, 'UNAUTHORIZED']);
    expect(answered.get('www-authenticate')).toBe('Bearer');
  }
  for (const path of ['/task/delegate', ...operatorsDo]) {
    expect((await rest.post(path, { prompt: 'p', all: true }, headers)).status, path).toBe(401);
  }
  expect((await rest.get('/tasks', { authorization: 'Bearer secret' })).body.total).toBe(0);
});

test('monitors need no token', async () => {
  const rest = await setupRest(withToken);
  for (const path of ['/health', '/healthz', '/readyz']) expect((await rest.get(path)).status).toBe(200);
});

test.each([
  'https://evil.example',
  'null',
  'http://localhost.evil.example',
])('without a token, a page of another site (%s) is refused: a browser would carry its requests here', async (origin) => {
  const rest = await setupRest();
  for (const path of ['/task/delegate', ...operatorsDo]) {
    const { status, body } = await rest.post(path, { prompt: 'p', all: true }, { origin });
    expect([status, body.error.code]).toEqual([403, 'FORBIDDEN']);
  }
  expect((await rest.get('/pool')).body.state).toBe('running');
});

test.each([
  'http://localhost:8080',
  'http://127.0.0.1:3000',
  'http://[::1]:1',
])('a page of this machine (%s) may', async (origin) => {
  const rest = await setupRest();
  expect((await rest.post('/task/delegate', { prompt: 'p' }, { origin })).status).toBe(202);
});

test('a page of this machine on another port may read the answers, another may not even ask', async () => {
  const rest = await setupRest();
  const preflight = (origin: string) =>
    rest.app.request('/task/delegate', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
  const allowed = await preflight('http://localhost:8080');
  expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([
    204,
    'http://localhost:8080',
  ]);
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
});

test('a name that somebody else points at this machine is refused', async () => {
  const rest = await setupRest();
  for (const host of ['evil.example', 'evil.example:8765', 'localhost.evil.example']) {
    expect((await rest.get('/tasks', { host })).status).toBe(403);
  }
  for (const host of ['localhost:8765', '127.0.0.1:8765', '[::1]:8765']) {
    expect((await rest.get('/tasks', { host })).status).toBe(200);
  }
});
