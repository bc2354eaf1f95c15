import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { dialPool, linkSocketOf, poolUrl } from '../../src/actors/join-socket.ts';
import type { LinkSocket } from '../../src/actors/link-socket.ts';
import type { Refusal } from '../../src/machines/join-machine.ts';
import { onDisposal } from '../support/disposal.ts';
import { until } from '../support/until.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { rightToken, setupDoor } from '../support/worker-door.ts';

const heartbeatMs = 15_000;

/** A record of what a dialled connection said. */
function dialled(url: string, token: string | null, clock = new VirtualClock()) {
  const heard: string[] = [];
  const refusals: Refusal[] = [];
  const socket = dialPool({ url, token, clock, heartbeatMs })({
    onOpen: () => void heard.push('open'),
    onRefused: (refusal) => void refusals.push(refusal),
    onMessage: (text) => void heard.push(text),
    onClose: (code, reason) => void heard.push(`close ${code} ${reason}`),
  });
  onDisposal(() => socket.terminate());
  return { socket, heard, refusals, clock };
}

/** A pool over real sockets that keeps its ends of the connections. */
async function setupPool(clock = new VirtualClock()) {
  const ends: { socket: LinkSocket; ws: WebSocket; heard: string[] }[] = [];
  const accept = (ws: WebSocket, request: IncomingMessage) => {
    const heard: string[] = [];
    const socket = linkSocketOf(ws, () => request.socket, { clock, heartbeatMs });
    socket.listen({
      onMessage: (text) => void heard.push(text),
      onClose: (code, reason) => void heard.push(`close ${code} ${reason}`),
    });
    ends.push({ socket, ws, heard });
    socket.send('first');
  };
  return { ...(await setupDoor({ accept })), ends, clock };
}

describe('a connection to a pool', () => {
  test('carries text both ways, and the reason of its end', async () => {
    const { url, ends } = await setupPool();
    const { socket, heard } = dialled(url, rightToken);
    await until(() => expect(heard).toEqual(['open', 'first']));
    socket.send('工房 🛠️');
    await until(() => expect(ends[0]?.heard).toEqual(['工房 🛠️']));
    ends[0]?.socket.close(4409, 'name_taken');
    await until(() => expect(heard.at(-1)).toBe('close 4409 name_taken'));
    socket.send('nobody hears this'); // And nothing breaks.
  });

  test.each([
    ['a wrong token', 'wrong', { code: 'http_401', isFinal: true }],
    ['no token', null, { code: 'http_401', isFinal: true }],
  ])('with %s is refused for good, in the words of the pool', async (_what, token, expected) => {
    const { url } = await setupPool();
    const { refusals } = dialled(url, token);
    await until(() => expect(refusals).toMatchObject([expected]));
    expect(refusals[0]?.message).toContain('WORKER_AUTH_TOKEN');
  });

  test('that is turned away for now says for how long', async () => {
    const server = createServer();
    server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 429 Too Many Requests\r\nRetry-After: 42\r\nConnection: close\r\n\r\n'),
    );
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onDisposal(() => server.close());
    const { refusals } = dialled(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/worker`, 'x');
    await until(() => expect(refusals).toMatchObject([{ isFinal: false, retryAfterMs: 42_000 }]));
  });

  test('to where nobody listens ends with the reason', async () => {
    const { heard } = dialled('ws://127.0.0.1:1/worker', 'x');
    await until(() => expect(heard).toEqual(['close 1006 ECONNREFUSED']));
  });

  test('to a peer that answers pings stands, however long nothing is said', async () => {
    const { url, ends, clock } = await setupPool();
    dialled(url, rightToken);
    await until(() => expect(ends).toHaveLength(1));
    for (let beat = 0; beat < 5; beat += 1) {
      let answered = false;
      ends[0]?.ws.once('pong', () => {
        answered = true;
      });
      await clock.advance(heartbeatMs);
      await until(() => expect(answered).toBe(true));
    }
    expect(ends[0]?.heard).toEqual([]);
  });

  test('to a peer that has gone without a word is ended within two intervals', async () => {
    const { url, ends, clock } = await setupPool();
    const { socket } = dialled(url, rightToken);
    await until(() => expect(ends).toHaveLength(1));
    // What stops answering without closing: the other end reads nothing more.
    const { ws } = ends[0] as { ws: WebSocket };
    ws.ping = () => undefined;
    await clock.advance(heartbeatMs);
    await clock.advance(heartbeatMs);
    await until(() => expect(ends[0]?.heard).toEqual(['close 1006 it does not answer']));
    socket.terminate();
  });

  test('is not ended because this process stood still', async () => {
    const { url, ends, clock } = await setupPool();
    dialled(url, rightToken);
    await until(() => expect(ends).toHaveLength(1));
    const { ws } = ends[0] as { ws: WebSocket };
    const ping = ws.ping.bind(ws);
    ws.ping = () => undefined;
    await clock.advance(heartbeatMs);
    await clock.stall(3_600_000);
    expect(ends[0]?.heard).toEqual([]);
    ws.ping = ping;
  });
});

test.each([
  ['ws://pool:8766', 'ws://pool:8766/worker'],
  ['ws://pool:8766/', 'ws://pool:8766/worker'],
  ['wss://pool.example/koubou/worker', 'wss://pool.example/koubou/worker'],
  ['ws://[::1]:8766', 'ws://[::1]:8766/worker'],
  ['http://pool:8766', undefined],
  ['pool:8766', undefined],
  ['ws://user:secret@pool:8766', undefined],
  ['ws://pool:8766/?token=secret', undefined],
])('the address %s is read as %s', (text, expected) => {
  expect(poolUrl(text)).toBe(expected);
});
