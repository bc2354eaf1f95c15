import fc from 'fast-check';
import { expect, test } from 'vitest';
import { doorApp } from '../../src/http/door-app.ts';
import { requestIdCharsMax } from '../../src/http/request-id.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { setupRest } from '../support/rest-client.ts';
import { setupRuntime } from '../support/running-server.ts';
import { setupGraphql } from './graphql-client.ts';
import { setupLogApi } from './logs/setup-log-api.ts';

const made = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/;
const named = { 'x-request-id': 'shop-7_42=' };

test('a request keeps the name that its client gave it, and the task that it asks for remembers it', async () => {
  const rest = await setupRest();
  const { status, headers, body } = await rest.post('/task/delegate', { prompt: 'a haiku' }, named);
  expect(status).toBe(202);
  expect(headers.get('x-request-id')).toBe('shop-7_42=');
  expect(rest.runtime.task(body.task_id as TaskId).metadata).toMatchObject({ request_id: 'shop-7_42=' });
});

test('a request without a name gets one of its own, of which no task needs to know', async () => {
  const rest = await setupRest();
  const first = await rest.post('/task/delegate', { prompt: 'a haiku' });
  const second = await rest.post('/task/delegate', { prompt: 'a haiku' });
  const names = [first, second].map(({ headers }) => headers.get('x-request-id'));
  for (const name of names) expect(name).toMatch(made);
  expect(new Set(names).size).toBe(2);
  expect(rest.runtime.task(first.body.task_id as TaskId).metadata).not.toHaveProperty('request_id');
});

test('a name is kept up to its limit of characters, and replaced beyond it', async () => {
  const { app } = await setupRest();
  const nameFor = async (sent: string) =>
    (await app.request('/health', { headers: { 'x-request-id': sent } })).headers.get('x-request-id');
  expect(await nameFor('a'.repeat(requestIdCharsMax))).toBe('a'.repeat(requestIdCharsMax));
  expect(await nameFor('a'.repeat(requestIdCharsMax + 1))).toMatch(made);
});

test('whatever a client calls its request, the answer bears a name that is safe in a log', async () => {
  const { app } = await setupRest();
  // What no header can carry never gets here.
  const sendable = fc.string({ maxLength: 200 }).filter((text) => !/[^\x20-\x7e]/.test(text));
  await fc.assert(
    fc.asyncProperty(sendable, async (sent) => {
      const { status, headers } = await app.request('/health', { headers: { 'x-request-id': sent } });
      expect(status).toBe(200);
      expect(headers.get('x-request-id')).toMatch(/^[\w=-]{1,128}$/);
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['what is not there', '/nowhere', {}, 404],
  ['what is wrong', '/task/delegate', { method: 'POST', body: '{' }, 400],
  ['who may not come in', '/health', { headers: { origin: 'https://evil.example' } }, 403],
  ['a page that asks whether it may ask', '/health', { method: 'OPTIONS' }, 204],
] as const)('an answer to %s bears the name, too', async (_what, path, init: RequestInit, status) => {
  const { app } = await setupRest();
  const origin = init.method === 'OPTIONS' ? { origin: 'http://localhost:3000' } : {};
  const headers = { ...origin, ...named, ...(init.headers as Record<string, string>) };
  const answer = await app.request(path, { ...init, headers });
  expect([answer.status, answer.headers.get('x-request-id')]).toEqual([status, 'shop-7_42=']);
});

test('streams, GraphQL and the Log API answer under the name of their request', async () => {
  const rest = await setupRest();
  const { body } = await rest.post('/task/delegate', { prompt: 'a haiku', sync: true });
  const stream = await rest.app.request(`/task/${body.task_id}/events`, { headers: named });
  expect(await stream.text()).toContain('event: end');
  const graphql = await setupGraphql();
  const query = await graphql.app.request('/graphql?query={__typename}', {
    headers: { accept: 'application/json', ...named },
  });
  expect(await query.text()).toContain('Query');
  const logs = await setupLogApi();
  const read = await logs.get('/api/logs/recent', named);
  const names = [stream, query, read].map(({ headers }) => headers.get('x-request-id'));
  expect(names).toEqual(['shop-7_42=', 'shop-7_42=', 'shop-7_42=']);
});

test('the log of a request that nobody foresaw to fail names it, and so does its answer', async () => {
  const { runtime } = await setupRuntime();
  const logged: object[] = [];
  const app = doorApp(runtime, {
    log: { error: (details) => void logged.push(details) },
    what: 'a request',
    bodyOf: ({ message }) => ({ message }),
    nothingAt: () => 'nothing',
  });
  app.get('/broken', () => {
    throw new TypeError('a bug');
  });
  const { status, headers } = await app.request('/broken', { headers: named });
  expect([status, headers.get('x-request-id')]).toEqual([500, 'shop-7_42=']);
  expect(logged).toMatchObject([{ request_id: 'shop-7_42=' }]);
});
