import { appendFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { failed } from '../../../src/machines/outcome.ts';
import { setupLogApi, untilLogged } from './setup-log-api.ts';

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

test('recent lines tell each fact once, the newest last, under the name of its worker', async () => {
  const client = await setupLogApi();
  await client.done();
  const body = await untilLogged(client, '/api/logs/recent', 3);
  expect(body).toEqual({
    status: 'success',
    logs: [
      { timestamp: isoTime, worker: 'system', type: 'info', message: 'task accepted' },
      { timestamp: isoTime, worker: 'worker_1', type: 'processing', message: 'task begun' },
      { timestamp: isoTime, worker: 'worker_1', type: 'success', message: 'task completed' },
    ],
    total: 3,
  });
});

test('recent lines can be narrowed to a worker and to a type; what is empty or "all" narrows nothing', async () => {
  const backend = async () => failed('model.unknown', 'there is no such model');
  const client = await setupLogApi({ backend });
  await client.done();
  await untilLogged(client, '/api/logs/recent', 3);
  const messages = async (query: string) =>
    (await client.get(`/api/logs/recent?${query}`)).body.logs.map(
      (line: { message: string }) => line.message,
    );
  const whole = ['task accepted', 'task begun', 'task failed: there is no such model'];
  expect(await messages('worker=all&type=')).toEqual(whole);
  expect(await messages('worker=&type=all')).toEqual(whole);
  expect(await messages('worker=worker_1')).toEqual(whole.slice(1));
  expect(await messages('worker=system')).toEqual(whole.slice(0, 1));
  expect(await messages('type=error')).toEqual(whole.slice(2));
  expect(await messages('worker=worker_1&type=processing')).toEqual(['task begun']);
  expect(await messages('worker=nobody')).toEqual([]);
  expect(await messages('limit=1')).toEqual(whole.slice(2));
});

/** Lines as the logs hold them, of one worker. */
function lines(worker: string, count: number, message = (n: number) => `line ${n}`): string {
  const time = (n: number) => new Date(Date.UTC(2026, 0, 1) + n).toISOString();
  const line = (n: number) => ({ level: 'info', time: time(n), worker, type: 'info', msg: message(n) });
  return Array.from({ length: count }, (_, n) => `${JSON.stringify(line(n))}\n`).join('');
}

test('a hundred lines come without a limit, and never more than two hundred, whatever is asked for', async () => {
  const client = await setupLogApi();
  writeFileSync(join(client.home, 'logs/workers/worker_1.log'), lines('worker_1', 300));
  const got = async (query: string) => (await client.get(`/api/logs/recent${query}`)).body;
  expect(await got('')).toMatchObject({ total: 300, logs: { length: 100, 99: { message: 'line 299' } } });
  expect(await got('?limit=999999')).toMatchObject({ total: 300, logs: { length: 200 } });
});

test('a long message is cut, and not in the middle of a character', async () => {
  const client = await setupLogApi();
  const text = `${'x'.repeat(196)}🛠️${'y'.repeat(50)}`;
  writeFileSync(
    join(client.home, 'logs/workers/worker_1.log'),
    lines('worker_1', 1, () => text),
  );
  const { body } = await client.get('/api/logs/recent');
  expect(body.logs[0].message).toBe(`${'x'.repeat(196)}...`);
});

test('of huge logs the ends are read, and half a line or garbage is passed over', async () => {
  const client = await setupLogApi();
  const file = join(client.home, 'logs/workers/worker_1.log');
  writeFileSync(file, `{"level":"in\nnot json\n[1]\nnull\n${lines('worker_1', 60_000)}`);
  appendFileSync(file, '{"time":"2026-01-02T00:00:00.000Z","msg":"half a li');
  const { body } = await client.get('/api/logs/recent?limit=1');
  expect(body.logs[0].message).toBe('line 59999');
  expect(body.total).toBeGreaterThan(1_000);
  expect(body.total).toBeLessThan(30_000);
});

test('figures of the logs count lines by type and by worker, and the rate of the last minute', async () => {
  const client = await setupLogApi();
  for (let n = 0; n < 2; n += 1) await client.done();
  await untilLogged(client, '/api/logs/recent', 6);
  appendFileSync(join(client.home, 'logs/workers/gone.log'), lines('gone', 4));
  const { body } = await client.get('/api/logs/stats');
  expect(body).toEqual({
    status: 'success',
    stats: {
      total_entries: 10,
      by_type: { info: 6, processing: 2, success: 2 },
      by_worker: { system: 2, worker_1: 4, gone: 4 },
      message_rate: 0.1,
    },
  });
});

test('the last fifty lines of a worker are told, of one that has left as well', async () => {
  const client = await setupLogApi();
  writeFileSync(join(client.home, 'logs/workers/gone.log'), lines('gone', 60));
  const { status, body } = await client.get('/api/logs/tail/gone');
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: 'success', worker_id: 'gone' });
  expect(body.logs).toHaveLength(50);
  expect(body.logs[0]).toEqual({ timestamp: isoTime, worker: 'gone', type: 'info', message: 'line 10' });
  expect(body.logs[49].message).toBe('line 59');
});

test('a worker that has done nothing yet has an empty log, not an unknown one', async () => {
  const client = await setupLogApi();
  expect((await client.get('/api/logs/tail/worker_1')).body.logs).toEqual([]);
});

test('an unknown worker, and a name that leads elsewhere, is 404', async () => {
  const client = await setupLogApi();
  writeFileSync(join(client.home, 'logs/secret.log'), lines('secret', 1));
  mkdirSync(join(client.home, 'logs/workers/folder.log'));
  writeFileSync(join(client.home, 'logs/workers/a_b.log'), '');
  symlinkSync(join(client.home, 'logs/secret.log'), join(client.home, 'logs/workers/link.log'));
  const names = ['nobody', '..%2fsecret', '..', '%2e%2e%2fsecret', 'secret%00', 'x'.repeat(5_000), 'folder'];
  for (const name of [...names, 'a%2fb', 'link', '__proto__', '%ff', '..%5csecret']) {
    const { status, body } = await client.get(`/api/logs/tail/${name}`);
    expect([name, status, body.status]).toEqual([name, 404, 'error']);
  }
  expect((await client.get('/api/logs/recent')).body.logs).toEqual([]);
  expect(client.faults).toEqual([]);
});

test('what is asked wrongly is refused in the shape of this API, and says what was expected', async () => {
  const client = await setupLogApi();
  for (const [path, word] of [
    ['/api/logs/recent?limit=many', 'limit'],
    ['/api/logs/recent?limit=0', 'limit'],
    ['/api/logs/recent?type=loud', 'type'],
    ['/api/logs/stream?type=loud', 'type'],
    ['/api/metrics/summary?hours=0', 'hours'],
    ['/api/metrics/summary?hours=721', 'hours'],
    ['/api/metrics/durations?limit=-1', 'limit'],
  ] as const) {
    const { status, body } = await client.get(path);
    expect([path, status]).toEqual([path, 400]);
    expect(body).toEqual({ status: 'error', message: expect.stringContaining(word) });
  }
});

test('elsewhere, and under other methods, there is nothing', async () => {
  const client = await setupLogApi();
  for (const path of ['/', '/api', '/api/logs', '/tasks', '/health', '/api/logs/tail/'])
    expect([path, (await client.get(path)).status]).toEqual([path, 404]);
  const response = await client.app.request('/api/logs/recent', { method: 'DELETE' });
  expect([response.status, await response.json()]).toEqual([
    404,
    { status: 'error', message: 'there is nothing at DELETE here' },
  ]);
});

test('with a token configured nothing is told without it, and pages of other sites learn nothing', async () => {
  const guarded = await setupLogApi({ change: (config) => ({ ...config, apiToken: 'secret' }) });
  const paths = ['logs/recent', 'logs/stats', 'logs/stream', 'logs/tail/worker_1', 'metrics/summary'];
  for (const path of [...paths, 'workers/status', 'tasks/queue', 'metrics/durations', 'nowhere']) {
    const { status, body, headers } = await guarded.get(`/api/${path}`);
    expect([path, status, body.status]).toEqual([path, 401, 'error']);
    expect(headers.get('www-authenticate')).toBe('Bearer');
  }
  expect((await guarded.get('/api/logs/stats', { authorization: 'Bearer secret' })).status).toBe(200);
  const open = await setupLogApi();
  expect((await open.get('/api/logs/stats', { origin: 'https://evil.example' })).status).toBe(403);
  const page = await open.get('/api/logs/stats', { origin: 'http://localhost:8080' });
  expect([page.status, page.headers.get('access-control-allow-origin')]).toEqual([
    200,
    'http://localhost:8080',
  ]);
});

const name = fc.constantFrom('worker', 'type', 'limit', 'hours', 'last_event_id', '__proto__', 'x');
const value = fc.oneof(
  fc.constantFrom(
    '',
    'all',
    'info',
    '0',
    '1',
    '24',
    '720',
    '-1',
    '1e9',
    '9'.repeat(30),
    '%00',
    '%ff',
    "' OR 1=1",
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map(encodeURIComponent),
  fc.string({ maxLength: 20 }),
);
const path = fc.oneof(
  fc.constantFrom('logs/recent', 'logs/stats', 'workers/status', 'tasks/queue'),
  fc.constantFrom('metrics/summary', 'metrics/durations'),
  value.map((id) => `logs/tail/${id}`),
);

test('whatever is asked, the answer is no 5xx, in the shape of this API, and without a path of the machine', async () => {
  const client = await setupLogApi();
  await client.done();
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(path, fc.array(fc.tuple(name, value), { maxLength: 3 }), async (target, query) => {
      const text = query.map(([key, what]) => `${key}=${what}`).join('&');
      const response = await client.app.request(`/api/${target}?${text}`.replaceAll(/[\s#]/g, '_'));
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      expect(response.status).toBeLessThan(500);
      const answer = await response.text();
      expect(JSON.parse(answer).status).toBe(response.status === 200 ? 'success' : 'error');
      expect(answer).not.toContain(client.home);
    }),
    { numRuns: 500 },
  );
  expect(client.faults).toEqual([]);
  for (const status of [200, 400, 404]) expect(statuses.get(status), String(status)).toBeGreaterThan(20);
  expect(readdirSync(client.home)).toContain('logs');
});
