import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';
import { limits } from '../../src/machines/limits.ts';
import { onDisposal } from '../support/disposal.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRuntime } from '../support/running-server.ts';

interface Wire {
  readonly port: number;
  /** What the server logged as its own mistake. */
  readonly faults: readonly string[];
}

/** A server on a real port, since much of what is wrong with a request is wrong on the wire. */
async function setupWire(): Promise<Wire> {
  const { runtime } = await setupRuntime({ backend: new PuppetBackend().backend });
  const faults: string[] = [];
  const app = createApp(runtime, {
    error: (details, message) => void faults.push(`${message}: ${JSON.stringify(details)}`),
  });
  const listener = await listen(app, '127.0.0.1', 0);
  onDisposal(() => listener.close(0));
  return { port: Number(new URL(listener.url).port), faults };
}

/** Sends bytes as they are, and reads until the server closes; who hangs up first is taken for gone. */
function send(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The server may close on a request that it will not read to its end.
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        resolve(Buffer.concat(chunks).toString('latin1'));
      else reject(error);
    });
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

function request(
  method: string,
  path: string,
  body: Buffer = Buffer.alloc(0),
  headers: readonly string[] = [],
): Buffer {
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    `content-length: ${body.length}`,
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

const post = (path: string, body: Buffer, headers: readonly string[] = []) =>
  request('POST', path, body, headers);
const json = (value: unknown) => Buffer.from(JSON.stringify(value) ?? 'undefined');
const anyJson = fc.jsonValue({ maxDepth: 4 });
const nearlyRight = fc.record(
  {
    prompt: fc.oneof(anyJson, fc.string({ unit: 'binary' }), fc.constant('p\0q'), fc.constant('\ud800')),
    priority: fc.oneof(anyJson, fc.integer(), fc.double(), fc.constant('8')),
    sync: fc.oneof(fc.constant(1), fc.constant('true'), fc.constant(null)),
    type: fc.oneof(anyJson, fc.string(), fc.constantFrom('__proto__', 'constructor', 'general')),
    files: fc.oneof(anyJson, fc.array(fc.string())),
    output_file: fc.oneof(anyJson, fc.constantFrom('../x', '/etc/passwd', 'a/../../b', 'C:\\x', '')),
    options: fc.oneof(
      anyJson,
      fc.record(
        {
          timeout: anyJson,
          model: anyJson,
          temperature: anyJson,
          num_ctx: fc.double(),
          retry_count: fc.integer(),
        },
        { requiredKeys: [] },
      ),
    ),
    delay: fc.oneof(anyJson, fc.double()),
    run_at: fc.oneof(anyJson, fc.constantFrom('tomorrow', '2026-13-45T00:00:00Z', '9999-12-31T23:59:59Z')),
    wait: anyJson,
  },
  { requiredKeys: [] },
);
const deep = fc
  .integer({ min: 1, max: 50_000 })
  .map((depth) => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`));
/** Mostly right, so that what is wrong comes far. */
const mostly = (right: fc.Arbitrary<unknown>, ...wrong: readonly unknown[]) =>
  fc.oneof(
    { weight: 9, arbitrary: right },
    { weight: 1, arbitrary: fc.oneof(anyJson, fc.constantFrom(...wrong, null)) },
  );
const moment = fc.oneof(
  mostly(fc.constantFrom('2026-01-01T00:00Z', '2026-01-01T00:00:00.123456789+09:00')),
  fc.constantFrom('9999-12-31T23:59:59-14:00', '0000-01-01T00:00:00+14:00'),
  fc.constantFrom('2h', '2026-02-30T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:00:61Z'),
);
const smallPriority = mostly(fc.integer({ min: 1, max: 10 }), 0, 11, 1.5, '8');
const nearlyRightRetry = fc.record(
  {
    status: mostly(fc.constantFrom('failed', 'cancelled'), 'completed'),
    type: mostly(fc.constantFrom('code', '__proto__', 'gone'), '\0', '\ud800', ''),
    worker: mostly(fc.constantFrom('worker_1', 'constructor', "'; --"), '\0'),
    error_code: mostly(fc.constantFrom('backend.busy', 'backend.*'), '*', 'backend.%', "' OR 1=1 --"),
    priority_min: smallPriority,
    priority_max: smallPriority,
    since: moment,
    until: moment,
    created_by: mostly(fc.string({ minLength: 1 }), '\udc00'),
    limit: mostly(fc.integer({ min: 1, max: 1_000 }), 0, 1_001, 2 ** 53),
    dry_run: mostly(fc.boolean(), 'yes'),
    all: mostly(fc.boolean(), 1),
  },
  { requiredKeys: [] },
);
const wrongBody = (nearly: fc.Arbitrary<object>) =>
  fc.oneof(
    { weight: 8, arbitrary: nearly.map(json) },
    { weight: 2, arbitrary: anyJson.map(json) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.string().map((text) => Buffer.from(`{"prompt": "${text}`)) },
    { weight: 1, arbitrary: deep },
    { weight: 1, arbitrary: fc.array(nearly, { maxLength: 5 }).map((tasks) => json({ tasks })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        Buffer.alloc(0),
        Buffer.from('\ufeff{"prompt":"p"}'),
        Buffer.from('{"prompt":"\\ud800"}'),
      ),
    },
  );
const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019 -_/;=,."\t\x7f\xff{}') });
const header = fc
  .tuple(
    fc.constantFrom(
      'idempotency-key',
      'content-type',
      'authorization',
      'last-event-id',
      'accept',
      'x-y',
      'prefer',
    ),
    headerText,
  )
  .map(([name, value]) => `${name}: ${value}`);
const path = fc.constantFrom(
  '/task/delegate',
  '/tasks/delegate',
  '/task/delegate?x=%ff',
  '/task/%00/retry',
  '/task/x/retry',
  '/%2e%2e',
  '/tasks?limit=%00',
);

const operatingPath = fc.constantFrom(
  ...[
    '/pool',
    '/workers',
    '/workers/worker_1',
    '/workers/status',
    '/pool/pause',
    '/pool/resume',
    '/pool/reload',
  ],
  ...['drain', 'rest', 'resume', 'breaker/close'].map((order) => `/workers/worker_1/${order}`),
);
const oddPath = fc.oneof(
  fc.constantFrom('/task/x/attempts', '/task/%00/attempts', '/task/x?include=%ff', '/pool/%2e%2e/pause'),
  fc
    .tuple(
      fc.constantFrom('%00', '%ff', '..%2f..', '__proto__', 'x'.repeat(5_000)),
      fc.constantFrom('', '/drain', '/rest', '/resume', '/breaker/close', '/breaker'),
    )
    .map(([id, order]) => `/workers/${id}${order}`),
  fc.webPath().map((text) => `/workers${text}/drain`),
);
const operation = fc.record({
  target: fc.oneof(
    { weight: 3, arbitrary: fc.constant('/tasks/retry') },
    { weight: 2, arbitrary: operatingPath },
    { weight: 1, arbitrary: oddPath },
  ),
  verb: fc.oneof(
    { weight: 3, arbitrary: fc.constant('POST') },
    { weight: 1, arbitrary: fc.constantFrom('GET', 'PUT', 'DELETE') },
  ),
  bytes: wrongBody(nearlyRightRetry),
  headers: fc.array(header, { maxLength: 3 }),
});
const leaks = /\n\s+at |node_modules|\/(src|dist|home|root|tmp)\//;

test('wrong requests of operators are never answered 5xx, never with a stack or a path, and the server lives on', async () => {
  const { port, faults } = await setupWire();
  const statuses = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(operation, async ({ verb, target, bytes, headers }) => {
      const answer = await send(port, request(verb, target, verb === 'GET' ? undefined : bytes, headers));
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? '';
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expect(status).toMatch(/^[24]\d\d$/);
      expect(answer).not.toMatch(leaks);
    }),
    { numRuns: 1_000 },
  );
  expect(faults).toEqual([]);
  for (const status of ['200', '400', '404']) expect(statuses.get(status), status).toBeGreaterThan(50);
  expect(await send(port, request('GET', '/healthz'))).toContain('200 OK');
});

test('a thousand wrong requests are never answered 5xx, never with a stack or a path, and the server lives on', async () => {
  const { port, faults } = await setupWire();
  const statuses = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      path,
      wrongBody(nearlyRight),
      fc.array(header, { maxLength: 3 }),
      async (target, bytes, headers) => {
        const answer = await send(port, post(target, bytes, headers));
        const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? '';
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(status).toMatch(/^[24]\d\d$/);
        expect(answer).not.toMatch(leaks);
      },
    ),
    { numRuns: 1_000 },
  );
  expect(faults).toEqual([]);
  expect(statuses.get('400')).toBeGreaterThan(300);
  expect(await send(port, request('GET', '/healthz'))).toContain('200 OK');
});

test('what is refused leaves no row', async () => {
  const { runtime } = await setupRuntime();
  const app = createApp(runtime, { error: () => undefined });
  for (const wrong of [
    '{}',
    '{"prompt":" "}',
    '{"prompt":"p","priority":0}',
    '[',
    '{"prompt":"p","type":"no"}',
    '',
  ]) {
    const response = await app.request('/task/delegate', { method: 'POST', body: wrong });
    expect(response.status).toBe(400);
  }
  const list = await (await app.request('/tasks')).json();
  expect(list).toMatchObject({ total: 0 });
});

test.each([
  ['that says its length', (size: number) => post('/task/delegate', Buffer.alloc(size, 'x'))],
  [
    'in chunks',
    (size: number) => {
      const head =
        'POST /task/delegate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n';
      const chunk = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`;
      return Buffer.from(head + chunk);
    },
  ],
])('a body %s is refused with 413 above the limit', async (_name, requestOf) => {
  const { port } = await setupWire();
  const answer = await send(port, requestOf(limits.bodyBytesMax + 1));
  expect(answer).toContain('413');
  expect(answer).toContain('PAYLOAD_TOO_LARGE');
});

test('a request that is no HTTP is refused, and the server lives on', async () => {
  const { port } = await setupWire();
  expect(await send(port, Buffer.from('\x16\x03\x01 nonsense\r\n\r\n', 'latin1'))).toContain(
    '400 Bad Request',
  );
  const half = connect(port, '127.0.0.1', () =>
    half.end('POST /task/delegate HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"pro'),
  );
  await new Promise((resolve) => half.once('close', resolve).resume());
  expect(await send(port, post('/task/delegate', json({ prompt: 'p' })))).toContain('202 Accepted');
});
