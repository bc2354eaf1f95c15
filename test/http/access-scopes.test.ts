import { once } from 'node:events';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { createApp } from '../../src/http/app.ts';
import { openGraphqlListener } from '../../src/http/graphql/graphql-listener.ts';
import { listen } from '../../src/http/listen.ts';
import { createLogApp } from '../../src/http/logs/log-app.ts';
import type { Scope } from '../../src/machines/scopes.ts';
import type { Runtime } from '../../src/runtime.ts';
import { onDisposal } from '../support/disposal.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRest } from '../support/rest-client.ts';
import { spec } from '../support/running-server.ts';
import { setupWatching } from '../support/watching.ts';
import { knock } from '../support/worker-door.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const quiet = { error: () => undefined };

/** One token of each scope. */
function tokensOf({ tokens }: Runtime) {
  const make = (scope: Scope) => {
    const { token, view } = tokens.create({ name: scope, scopes: [scope], expiresAtMs: null });
    return { id: view.token_id, headers: bearer(token), token };
  };
  return { admin: make('admin'), read: make('read'), submit: make('submit'), worker: make('worker') };
}

const task = 'task_20261122_101500_123456_aaaaaaaaaaaa';
const json = (body: object) => JSON.stringify(body);

test.each<[method: string, path: string, who: readonly Scope[]]>([
  ['GET', '/tasks', ['read', 'admin']],
  ['GET', '/pool', ['read', 'admin']],
  ['GET', '/workers', ['read', 'admin']],
  ['GET', '/metrics', ['read', 'admin']],
  ['GET', `/task/${task}`, ['submit', 'read', 'admin']],
  ['GET', `/task/${task}/events`, ['submit', 'read', 'admin']],
  ['GET', '/openapi.json', ['submit', 'read', 'admin']],
  ['POST', '/task/delegate', ['submit', 'admin']],
  ['POST', '/tasks/delegate', ['submit', 'admin']],
  ['DELETE', `/task/${task}`, ['submit', 'admin']],
  ['POST', `/task/${task}/retry`, ['submit', 'admin']],
  ['POST', '/v1/chat/completions', ['submit', 'admin']],
  ['POST', '/api/generate', ['submit', 'admin']],
  ['GET', '/v1/models', ['submit', 'read', 'admin']],
  ['POST', '/tasks/retry', ['admin']],
  ['POST', '/tasks/cancel', ['admin']],
  ['GET', '/queue', ['read', 'admin']],
  ['POST', '/pool/pause', ['admin']],
  ['POST', '/pool/reload', ['admin']],
  ['POST', '/db/vacuum', ['admin']],
  ['POST', '/workers/worker_1/drain', ['admin']],
  ['POST', '/workers/worker_1/breaker/close', ['admin']],
  ['POST', '/actors/pool/events', ['admin']],
  ['GET', '/tokens', ['admin']],
  ['POST', '/tokens', ['admin']],
  ['DELETE', '/tokens/tok_x', ['admin']],
  ['POST', '/what/comes/later', ['admin']],
])('%s %s is for %j alone; the others are told which scope is missing', async (method, path, who) => {
  const { app, runtime } = await setupRest();
  const tokens = tokensOf(runtime);
  expect((await app.request(path, { method })).status).toBe(401);
  for (const scope of ['read', 'submit', 'worker', 'admin'] as const) {
    const body = method === 'POST' ? { body: '{}' } : {};
    const response = await app.request(path, { method, headers: tokens[scope].headers, ...body });
    if (who.includes(scope)) expect([401, 403], scope).not.toContain(response.status);
    else {
      // The interfaces of others have their own way of writing a refusal down.
      expect([response.status, await response.text()], scope).toEqual([
        403,
        expect.stringContaining(`scope ${who.filter((each) => each !== 'admin' || who.length === 1)[0]}`),
      ]);
    }
  }
});

test('a token is made over REST and shown there once; from then on the others are asked for one', async () => {
  const rest = await setupRest();
  const refused = await rest.post('/tokens', { name: 'x', scopes: ['read'] });
  expect([refused.status, refused.body.error.message]).toEqual([400, expect.stringContaining('admin')]);
  const { status, body, headers } = await rest.post('/tokens', { name: 'laptop', scopes: ['admin'] });
  expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
  expect((await rest.get('/tokens')).status).toBe(401);
  const list = await rest.get('/tokens', bearer(body.token));
  expect(list.body.tokens).toEqual([expect.objectContaining({ name: 'laptop', scopes: ['admin'] })]);
  expect(json(list.body)).not.toContain(body.token);
  const gone = await rest.app.request(`/tokens/${body.token_id}`, {
    method: 'DELETE',
    headers: bearer(body.token),
  });
  expect(gone.status).toBe(200);
  expect((await rest.get('/tokens')).body.tokens[0].revoked_at).not.toBeNull();
});

test.each([
  { name: '', scopes: ['admin'] },
  { name: 'a\nb', scopes: ['admin'] },
  { name: 'x'.repeat(101), scopes: ['admin'] },
  { name: 'x', scopes: [] },
  { name: 'x', scopes: ['root'] },
  { name: 'x', scopes: ['admin'], expires_at: 'tomorrow' },
  { name: 'x', scopes: ['admin'], expires_at: '2001-01-01T00:00:00Z' },
  { name: 'x', scopes: ['admin'], expires: 30 },
])('what is no token is refused: %j', async (body) => {
  const rest = await setupRest();
  expect((await rest.post('/tokens', body)).status).toBe(400);
  expect(rest.runtime.tokens.list()).toEqual([]);
});

test('a boundary at the log API: reading alone', async () => {
  const { runtime } = await setupRest();
  const tokens = tokensOf(runtime);
  const app = createLogApp(runtime, quiet);
  const statusOf = async (scope: keyof typeof tokens) =>
    (await app.request('/api/tasks/queue', { headers: tokens[scope].headers })).status;
  expect([await statusOf('read'), await statusOf('submit'), await statusOf('worker')]).toEqual([
    200, 403, 403,
  ]);
});

test.each<[field: string, who: readonly Scope[]]>([
  ['query { taskStatistics { total } }', ['read', 'admin']],
  ['query { health }', ['read', 'submit', 'admin']],
  [`query { a: health b: task(id: "${task}") { id } }`, ['read', 'submit', 'admin']],
  ['query { health ... on Query { workers { id } } }', ['read', 'admin']],
  ['mutation { submitTask(input: {type: GENERAL, prompt: "p"}) { taskId } }', ['submit', 'admin']],
  [`mutation { cancelTask(id: "${task}") { success } }`, ['submit', 'admin']],
  ['mutation { scaleWorkers(targetCount: 1) { success } }', ['admin']],
  ['mutation { terminateWorker(id: "worker_1") { success } }', ['admin']],
])('GraphQL: %s is for %j', async (query, who) => {
  const { runtime } = await setupRest();
  const tokens = tokensOf(runtime);
  const listener = await openGraphqlListener(runtime, quiet);
  onDisposal(() => listener.close(0));
  for (const scope of ['read', 'submit', 'admin'] as const) {
    const headers = { 'content-type': 'application/json', ...tokens[scope].headers };
    const response = await fetch(listener.url, { method: 'POST', headers, body: json({ query }) });
    const { errors = [] } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
    const codes = errors.map(({ extensions }) => extensions.code);
    expect(codes.includes('FORBIDDEN'), scope).toBe(!who.includes(scope));
  }
  const headers = { 'content-type': 'application/json', ...tokens.worker.headers };
  expect((await fetch(listener.url, { method: 'POST', headers, body: json({ query }) })).status).toBe(403);
});

test('a WebSocket takes the scope read, in a header or in the first frame', async () => {
  const { runtime, url, watch } = await setupWatching();
  const { read, submit, worker } = tokensOf(runtime);
  expect((await knock(url, read.headers)).status).toBe(101);
  for (const { headers } of [submit, worker]) expect((await knock(url, headers)).status).toBe(403);
  const late = watch();
  await late.next('auth_required');
  expect(await late.ask({ command: 'auth', token: submit.token }, 'error')).toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(await late.closed).toBe(1008);
});

test('a revocation ends what is open: a WebSocket, a stream of events, a subscription', async () => {
  const puppet = new PuppetBackend();
  const { runtime, watch } = await setupWatching({ backend: puppet.backend });
  const { admin, read } = tokensOf(runtime);
  const rest = await listen(createApp(runtime, quiet), '127.0.0.1', 0);
  const graphql = await openGraphqlListener(runtime, quiet);
  for (const listener of [rest, graphql]) onDisposal(() => listener.close(0));
  const { taskIds } = await runtime.delegate([spec()]);

  const watching = watch([], { headers: read.headers });
  const kept = watch([], { headers: admin.headers });
  for (const each of [watching, kept]) await each.next('initial_state');
  const stream = await fetch(`${rest.url}/task/${taskIds[0]}/events`, { headers: read.headers });
  const streamEnded = stream.text().catch((error: unknown) => error);
  const client = createClient({
    url: graphql.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { token: read.token },
    retryAttempts: 0,
  });
  onDisposal(() => client.dispose());
  const closed = new Promise<number>((resolve) => {
    client.on('closed', (event) => resolve((event as { code: number }).code));
  });
  const results = client.iterate({ query: 'subscription { systemStatusChanged { status } }' });
  await results.next();

  runtime.tokens.revoke(read.id);
  expect(await watching.closed).toBe(1008);
  expect(await streamEnded).toBeInstanceOf(Error);
  expect(await closed).toBe(4403);
  expect(await kept.ask({ command: 'ping' }, 'pong')).toMatchObject({ type: 'pong' });
  kept.ws.close();
  await once(kept.ws, 'close');
});
