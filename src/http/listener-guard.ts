import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { accessLimits } from '../machines/access-limits.ts';
import { addressKey, isLoopbackAddress } from './access-address.ts';

/** What connections of a door may take. Tests shorten it. */
export interface ListenerLimits {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly lateCheckMs: number;
  readonly idleMs: number;
  readonly unreadMs: number;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
}

const usual: ListenerLimits = {
  headersMs: accessLimits.headersMsMax,
  requestMs: accessLimits.requestMsMax,
  lateCheckMs: accessLimits.lateCheckMs,
  idleMs: accessLimits.idleMsMax,
  unreadMs: accessLimits.unreadMsMax,
  connectionsMax: accessLimits.connectionsMax,
  connectionsPerAddressMax: accessLimits.connectionsPerAddressMax,
};

/** What a server of Node must know when it is made. */
export function serverOptionsFor({
  lateCheckMs = usual.lateCheckMs,
}: Partial<ListenerLimits> = {}): ServerOptions {
  return { maxHeaderSize: accessLimits.headerBytesMax, connectionsCheckingInterval: lateCheckMs };
}

/** Lets no client hold a connection, or memory behind it, for longer than it makes something of it. */
export function guardListener(server: Server, changes: Partial<ListenerLimits> = {}): void {
  const limits = { ...usual, ...changes };
  server.headersTimeout = Math.min(limits.headersMs, limits.requestMs);
  server.requestTimeout = limits.requestMs;
  server.keepAliveTimeout = limits.idleMs;
  server.timeout = limits.unreadMs;
  server.maxConnections = limits.connectionsMax;
  server.maxRequestsPerSocket = accessLimits.requestsPerConnectionMax;
  server.on('request', (_request: IncomingMessage, response: ServerResponse) => {
    response.on('timeout', cutIfUnread);
  });
  countByAddress(server, limits.connectionsPerAddressMax);
}

/** Nothing has moved on the connection: it is cut where an answer waits to be read, and left to wait for one otherwise. */
function cutIfUnread(socket: Socket): void {
  if (socket.writableLength > 0) socket.destroy();
}

function countByAddress(server: Server, connectionsMax: number): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || isLoopbackAddress(remoteAddress)) return;
    const key = addressKey(remoteAddress);
    const count = (counts.get(key) ?? 0) + 1;
    if (count > connectionsMax) {
      socket.destroy();
      return;
    }
    counts.set(key, count);
    socket.once('close', () => {
      const left = (counts.get(key) ?? 1) - 1;
      if (left === 0) counts.delete(key);
      else counts.set(key, left);
    });
  });
}
