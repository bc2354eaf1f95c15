import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';
import { guardListener, type ListenerLimits, serverOptionsFor } from '../../src/http/listener-guard.ts';
import { accessLimits } from '../../src/machines/access-limits.ts';
import { onDisposal } from '../support/disposal.ts';
import { setupRuntime } from '../support/running-server.ts';

const brief = { headersMs: 80, requestMs: 120, lateCheckMs: 20, idleMs: 80, unreadMs: 100 };

async function setup(
  limits: Partial<ListenerLimits> = {},
  answer: RequestListener = (_, to) => to.end('fine'),
) {
  const server = createServer(serverOptionsFor(limits), answer);
  guardListener(server, limits);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onDisposal(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const dial = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    onDisposal(() => socket.destroy());
    return socket;
  };
  return { server, dial };
}

/** What a connection is told until it ends. */
async function told(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes) => {
    text += String(bytes);
  });
  await once(socket, 'close');
  return text;
}

test('headers that come byte by byte are not waited for', async () => {
  const { dial } = await setup(brief);
  const socket = dial();
  const timer = setInterval(() => socket.write('x'), 10);
  onDisposal(() => clearInterval(timer));
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ');
  expect(await told(socket)).toMatch(/^HTTP\/1\.1 408 /);
});

test('a body that comes byte by byte is not waited for', async () => {
  const { dial } = await setup(brief, (request, to) => request.resume().on('end', () => to.end()));
  const socket = dial();
  const timer = setInterval(() => socket.write('x'), 10);
  onDisposal(() => clearInterval(timer));
  socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n');
  expect(await told(socket)).toMatch(/^HTTP\/1\.1 408 /);
});

test('a connection that asks for nothing, or for nothing more, is closed', async () => {
  const { dial } = await setup(brief);
  expect(await told(dial())).toMatch(/^$|^HTTP\/1\.1 408 /);
  const socket = dial();
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  expect(await told(socket)).toContain('fine');
});

test('who does not read an answer is cut off, and who waits for one is not', async () => {
  const big = Buffer.alloc(32 * 1024 * 1024, 'x');
  const { server, dial } = await setup(brief, (request, to) => {
    if (request.url === '/big') to.end(big);
    else setTimeout(() => to.end('at last'), 4 * brief.unreadMs);
  });
  const taken = once(server, 'connection');
  dial().pause().write('GET /big HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [connection] = (await taken) as [Socket];
  // Nothing else would ever end it: the client is there, and does not read.
  await once(connection, 'close');
  const patient = dial();
  patient.write('GET /slow HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  expect(await told(patient)).toContain('at last');
});

test('headers that are too long are refused', async () => {
  const { dial } = await setup();
  const long = dial();
  long.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(accessLimits.headerBytesMax)}\r\n\r\n`);
  expect(await told(long)).toMatch(/^HTTP\/1\.1 431 /);
});

test('more lines of headers than anybody needs are refused, with the right token, too', async () => {
  const { runtime } = await setupRuntime();
  const listener = await listen(createApp(runtime, { error: () => undefined }), '127.0.0.1', 0);
  onDisposal(() => listener.close(0));
  const ask = async (count: number) => {
    const headers = Array.from({ length: count }, (_, n) => [`x-${n}`, 'y'] as [string, string]);
    return (await fetch(`${listener.url}/tasks`, { headers })).status;
  };
  // The client adds some of its own.
  expect([await ask(accessLimits.headersMax - 10), await ask(accessLimits.headersMax)]).toEqual([200, 400]);
});

test('one connection too many is not taken, until another one has gone', async () => {
  const { server, dial } = await setup({ connectionsMax: 2 });
  const first = dial();
  dial();
  await once(server, 'connection');
  const dropped = once(server, 'drop');
  dial();
  await dropped;
  first.destroy();
  const next = once(server, 'connection');
  const poll = setInterval(dial, 10);
  onDisposal(() => clearInterval(poll));
  await next;
});
