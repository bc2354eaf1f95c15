import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { textFrame } from '../../src/http/websocket/text-frame.ts';
import { onDisposal } from '../support/disposal.ts';
import { messagesIn } from '../support/server-frames.ts';

const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];

test('messages of all lengths are what a client of WebSocket reads', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  onDisposal(() => void server.close());
  server.on('connection', (ws, request) => {
    for (const length of lengths) request.socket.write(textFrame('x'.repeat(length)));
    request.socket.write(textFrame('工房 🎋'));
    ws.close(1000);
  });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const told: string[] = [];
  client.on('message', (data, isBinary) => told.push(isBinary ? 'binary' : String(data)));
  await new Promise((resolve) => client.once('close', resolve));
  expect(told.slice(0, -1).map(({ length }) => length)).toEqual(lengths);
  expect(told.at(-1)).toBe('工房 🎋');
});

test('several in one piece are told apart', () => {
  const texts = lengths.map((length) => 'y'.repeat(length));
  expect(messagesIn(Buffer.concat(texts.map(textFrame)))).toEqual(texts);
});
