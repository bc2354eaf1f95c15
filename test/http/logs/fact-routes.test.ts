import { expect, test } from 'vitest';
import { workerId } from '../../../src/machines/identifiers.ts';
import type { Scope } from '../../../src/machines/scopes.ts';
import type { StreamEvent } from '../../../src/runtime/history.ts';
import { until } from '../../support/until.ts';
import { setupLogApi } from './setup-log-api.ts';

const w1 = workerId('w1');

test('the record of a worker is read in pages, the newest first', async () => {
  const client = await setupLogApi({ workers: [{ workerId: w1 }] });
  await client.runtime.order(w1, 'drain', 'a test');
  const first = '/api/facts?actor=worker:w1&limit=1';
  await until(async () => expect((await client.get(first)).body.facts[0].to).toBe('drained'));
  const { status, body: newest } = await client.get(first);
  expect([status, newest.status, newest.actor]).toEqual([200, 'success', 'worker:w1']);
  expect(newest.facts[0]).toMatchObject({
    type: 'worker.readmitted',
    task_id: null,
    data: { worker_id: 'w1' },
  });
  const rest = (await client.get(`/api/facts?actor=worker:w1&until=${newest.next}`)).body;
  expect(rest.next).toBeNull();
  const types = rest.facts.map(({ type }: StreamEvent) => type);
  expect(types).toContain('worker.changed');
  expect(types.at(-1)).toMatch(/^(?:worker\.changed|pool\.started)$/);
});

test('around a moment stands what a worker, its server and the pool had to do with tasks', async () => {
  const client = await setupLogApi({ workers: [{ workerId: w1 }] });
  const { task_id } = await client.done();
  const { body: known } = await client.get('/api/workers/status');
  const server = known.workers[0].endpoint_url;
  for (const actor of ['worker:w1', `endpoint:${server}`, 'pool', task_id]) {
    const { status, body } = await client.get(`/api/facts/around?actor=${encodeURIComponent(actor)}`);
    expect([status, body.since], actor).toEqual([200, 1]);
    const ofTask = body.facts.filter((fact: StreamEvent) => fact.task_id === task_id);
    expect(ofTask.map(({ type }: StreamEvent) => type).slice(-2)).toEqual([
      'task.assigned',
      'task.completed',
    ]);
  }
  const early = await client.get('/api/facts/around?actor=worker:w1&seq=1');
  expect(early.body.facts.length).toBeGreaterThan(0);
});

test('an actor that cannot be or never was is refused', async () => {
  const client = await setupLogApi();
  const refusals: Readonly<Record<string, number>> = {
    '': 400,
    'actor=': 400,
    'actor=worker:': 400,
    'actor=execution:1': 400,
    'actor=worker:nobody': 404,
    'actor=endpoint:http://never:1': 404,
    'actor=task_20200101_000000_000000_aaaaaaaaaaaa': 404,
  };
  for (const [query, refused] of Object.entries(refusals)) {
    for (const path of ['/api/facts', '/api/facts/around']) {
      const { status, body } = await client.get(`${path}?${query}`);
      expect([status, body.status, typeof body.message], query).toEqual([refused, 'error', 'string']);
    }
  }
});

test('what is no place in the stream is refused', async () => {
  const client = await setupLogApi();
  const places = ['x', '-1', '1.5', '', '9999999999999999999', 'latest'];
  for (const place of places) {
    for (const path of ['/api/facts?actor=pool&until', '/api/facts/around?actor=pool&seq']) {
      const { status, body } = await client.get(`${path}=${place}`);
      expect([status, body.status], `${path}=${place}`).toEqual([400, 'error']);
      expect(body.message).toContain('must be the seq of a fact');
    }
  }
  expect((await client.get('/api/facts?actor=pool&limit=0')).status).toBe(400);
});

test('a page has no more facts than the most, whatever is asked for; a place behind the end is the end', async () => {
  const client = await setupLogApi();
  for (const query of ['limit=100000', 'until=999999999999999', 'until=0&limit=5']) {
    const { status, body } = await client.get(`/api/facts?actor=pool&${query}`);
    expect([status, body.next], query).toEqual([200, null]);
  }
  const { body } = await client.get('/api/facts/around?actor=pool&seq=999999999999999');
  expect(body.facts.map(({ type }: StreamEvent) => type)).toContain('pool.started');
});

test('who may read may read the record, and nobody else', async () => {
  const { app, runtime } = await setupLogApi();
  const tokens = (['admin', 'read', 'submit', 'worker'] as const).map((scope: Scope) =>
    runtime.tokens.create({ name: scope, scopes: [scope], expiresAtMs: null }),
  );
  for (const path of ['/api/facts?actor=pool', '/api/facts/around?actor=pool']) {
    const statuses: number[] = [];
    for (const { token } of tokens) {
      const headers = { authorization: `Bearer ${token}` };
      statuses.push((await app.request(path, { headers })).status);
    }
    expect(statuses, path).toEqual([200, 200, 403, 403]);
    expect((await app.request(path)).status, path).toBe(401);
  }
});
