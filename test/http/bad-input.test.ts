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

/** Sends bytes as they are, and reads until the server closes. */
function send(port: number, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.end(request));
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

function post(path: string, body: Buffer, headers: readonly string[] = []): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    `content-length: ${body.length}`,
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

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
const body = fc.oneof(
  { weight: 4, arbitrary: nearlyRight.map(json) },
  { weight: 2, arbitrary: anyJson.map(json) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.string().map((text) => Buffer.from(`{"prompt": "${text}`)) },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.array(nearlyRight, { maxLength: 5 }).map((tasks) => json({ tasks })) },
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

test('a thousand wrong requests are never answered 5xx, never with a stack or a path, and the server lives on', async () => {
  const { port, faults } = await setupWire();
  const statuses = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(path, body, fc.array(header, { maxLength: 3 }), async (target, bytes, headers) => {
      const answer = await send(port, post(target, bytes, headers));
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? '';
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expect(status).toMatch(/^[24]\d\d$/);
      expect(answer).not.toMatch(/\n\s+at |node_modules|\/(src|dist|home|root|tmp)\//);
    }),
    { numRuns: 1_000 },
  );
  expect(faults).toEqual([]);
  expect(statuses.get('400')).toBeGreaterThan(300);
  expect(
    await send(port, Buffer.from('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')),
  ).toContain('200 OK');
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
])('a body %s is refused with 413 above the limit', async (_name, request) => {
  const { port } = await setupWire();
  const answer = await send(port, request(limits.bodyBytesMax + 1));
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
