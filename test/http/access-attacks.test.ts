import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/actors/clock.ts';
import { gateOf } from '../../src/http/access-gate.ts';
import { createApp } from '../../src/http/app.ts';
import { openGraphqlListener } from '../../src/http/graphql/graphql-listener.ts';
import { listen } from '../../src/http/listen.ts';
import { createLogApp } from '../../src/http/logs/log-app.ts';
import { clientDoor } from '../../src/http/websocket/client-door.ts';
import { openWebsocketListener } from '../../src/http/websocket-listener.ts';
import { workerDoor } from '../../src/http/worker-door.ts';
import { onDisposal } from '../support/disposal.ts';
import { type SetUp, setupRuntime } from '../support/running-server.ts';

const apiToken = 'Right-Token.0123456789';
const workerAuthToken = 'Right-Worker-Token.0123456789';

/** All doors on ports of their own; guessing is not slowed down, so that each guess is looked at. */
async function setupDoors(tokens: { apiToken: string | null; workerAuthToken: string | null }) {
  const change: NonNullable<SetUp['change']> = (config) => ({ ...config, ...tokens });
  const faults: string[] = [];
  const fault = (details: object, message: string) =>
    void faults.push(`${message} ${JSON.stringify(details)}`);
  const log = { error: fault, warn: () => undefined };
  const { runtime } = await setupRuntime({ change });
  const stored = runtime.tokens.create({ name: 'gpu', scopes: ['worker'], expiresAtMs: null }).token;
  const gate = gateOf(runtime);
  const rest = await listen(createApp(runtime, log), '127.0.0.1', 0);
  const logs = await listen(createLogApp(runtime, log), '127.0.0.1', 0);
  const graphql = await openGraphqlListener(runtime, log);
  const accepted: unknown[] = [];
  const websocket = await openWebsocketListener({
    host: '127.0.0.1',
    port: 0,
    doors: {
      '/': clientDoor({ runtime, clock: systemClock, log }),
      '/worker': workerDoor({ gate, accept: (ws) => accepted.push(ws), log }),
    },
  });
  const listeners = { rest, logs, graphql, websocket };
  for (const listener of Object.values(listeners)) onDisposal(() => listener.close(0));
  const portOf = (name: keyof typeof listeners) => Number(new URL(listeners[name].url).port);
  return { runtime, faults, accepted, portOf, secrets: [apiToken, workerAuthToken, stored] };
}

/** Sends a head, and reads until the server closes or has said what it says of a request to upgrade. */
function send(port: number, head: readonly string[], address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1', localAddress: address }, () =>
      socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1')),
    );
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      // Who is let in as a watcher is told something at once.
      const isIn = /^HTTP\/1\.1 101 /.test(text);
      if (isIn && (head[0] !== 'GET / HTTP/1.1' || /auth_required|initial_state/.test(text)))
        socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(text);
      else reject(error);
    });
    socket.on('close', () => resolve(text));
  });
}

const noise = fc.string({ unit: fc.constantFrom(...'abcXYZ019 -_/;=,.+"\t\x7f\xff{}%:') });
const nearly = fc.oneof(
  fc.constantFrom('', apiToken.toLowerCase(), `${apiToken} `.repeat(2), apiToken.slice(1), `${apiToken}\t.`),
  fc.nat(apiToken.length - 1).map((end) => apiToken.slice(0, end)),
  fc.integer({ min: 1, max: 9_000 }).map((length) => 'x'.repeat(length)),
  noise,
);
const authorization = fc.oneof(
  nearly.map((token) => `authorization: Bearer ${token}`),
  noise.map((text) => `authorization: ${text}`),
  fc.constantFrom(`authorization: Basic ${apiToken}`, `x-api-key: ${apiToken}`, `cookie: token=${apiToken}`),
  nearly.map((token) => `sec-websocket-protocol: koubou, koubou.token.${token}`),
);
const whence = fc.oneof(
  fc.constantFrom(
    'origin: null',
    'origin: https://evil.example',
    'origin: http://localhost.evil.example',
    'origin: ',
  ),
  noise.map((text) => `origin: ${text}`),
);
const host = fc.oneof(
  { weight: 3, arbitrary: fc.constant('host: localhost') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('host: evil.example', 'host: ', 'host: [::1', 'host: a@localhost'),
  },
  { weight: 1, arbitrary: noise.map((text) => `host: ${text}`) },
);
const target = fc.constantFrom(
  ...(
    [
      '/tasks',
      '/tokens',
      '/task/delegate',
      '/pool/pause',
      '/metrics',
      '/mcp',
      '/v1/models',
      '/api/tags',
    ] as const
  ).map((path) => ['rest', path] as const),
  ['logs', '/api/logs/recent'] as const,
  ['logs', '/api/tasks/queue?limit=%ff'] as const,
  ['graphql', '/graphql?query=%7BtaskStatistics%7Btotal%7D%7D'] as const,
  ['graphql', '/graphql'] as const,
  ['websocket', '/'] as const,
  ['websocket', '/worker'] as const,
);
const attack = fc.record({
  target,
  verb: fc.constantFrom('GET', 'GET', 'POST', 'DELETE'),
  upgrades: fc.boolean(),
  headers: fc.tuple(host, fc.option(authorization), fc.option(whence), fc.option(authorization)),
  /** Each from an address of its own, as from a botnet: else the eleventh guess would be the last that is looked at. */
  address: fc.tuple(fc.nat(254), fc.integer({ min: 1, max: 254 })).map(([b, c]) => `127.0.${b}.${c}`),
});
const upgrade = [
  'connection: Upgrade, close',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
];

type Attack = typeof attack extends fc.Arbitrary<infer T> ? T : never;

function headOf({ target: [, path], verb, upgrades, headers }: Attack) {
  const isUpgrade = upgrades && verb === 'GET';
  const lines = headers.filter((line) => line !== null);
  return [`${verb} ${path} HTTP/1.1`, ...lines, ...(isUpgrade ? upgrade : ['connection: close'])];
}

const leaks = /\n\s+at |node_modules|\/(src|dist|home|root|tmp)\//;

test('with tokens configured, no wrong one is let in at any door, is answered 5xx, or learns the right one', async () => {
  const { runtime, faults, accepted, portOf, secrets } = await setupDoors({ apiToken, workerAuthToken });
  const statuses = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(attack, async (each) => {
      const answer = await send(portOf(each.target[0]), headOf(each), each.address);
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none';
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // A client of the WebSocket may come in without a token, to send it first; it is told nothing.
      const isStranger = status === '101' && each.target[1] === '/' && !answer.includes('initial_state');
      const isGraphqlStranger = status === '101' && each.target[0] === 'graphql';
      if (!isStranger && !isGraphqlStranger) expect(status).toMatch(/^4\d\d$/);
      expect(answer).not.toMatch(leaks);
      for (const secret of secrets) expect(answer).not.toContain(secret);
    }),
    { numRuns: 600 },
  );
  expect(faults).toEqual([]);
  expect(accepted).toEqual([]);
  expect(runtime.tokens.list()).toHaveLength(1);
  expect(runtime.readiness().pool).toBe('running');
  for (const status of ['401', '403', '400']) expect(statuses.get(status), status).toBeGreaterThan(5);
});

test('without one, no page of another site and no name of another gets in, at any door', async () => {
  const { runtime, faults, accepted, portOf } = await setupDoors({ apiToken: null, workerAuthToken: null });
  const foreign = fc.tuple(
    attack,
    fc.oneof(
      fc.constantFrom(
        'https://evil.example',
        'null',
        'http://127.0.0.1.evil.example',
        'http://[::2]',
        'file://',
      ),
      fc.webUrl().map((url) => new URL(url).origin),
    ),
    fc.boolean(),
  );
  await fc.assert(
    fc.asyncProperty(foreign, async ([each, origin, byHost]) => {
      const named = URL.canParse(origin) ? new URL(origin).host : '';
      const isByHost = byHost && named !== '';
      const [, ...rest] = each.headers;
      const line = isByHost ? `host: ${named}` : 'host: localhost';
      const others = rest.filter((header) => header !== null && !header.startsWith('origin'));
      const from = isByHost ? null : `origin: ${origin}`;
      const head = headOf({ ...each, headers: [line, others[0] ?? null, from, null] });
      const answer = await send(portOf(each.target[0]), head, '127.0.0.1');
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    }),
    { numRuns: 300 },
  );
  expect([faults, accepted]).toEqual([[], []]);
  expect(runtime.readiness().pool).toBe('running');
});
