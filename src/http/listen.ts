import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { KoubouError } from '../machines/errors.ts';

/** A door that is open. */
export interface Listener {
  readonly url: string;
  /** Takes no new connections, and ends the idle ones; resolves when the others have ended or `graceMs` is over. */
  close(graceMs: number): Promise<void>;
}

/** A request, its body included, must arrive within this: a slow sender may not hold a connection for ever. */
const requestTimeoutMs = 120_000;

/** @throws KoubouError `port.taken` */
export function listen(app: Hono, host: string, port: number): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (address) =>
      resolve(listenerOf(server, address, host)),
    ) as Server;
    server.requestTimeout = requestTimeoutMs;
    server.once('error', (error: NodeJS.ErrnoException) => reject(asPortError(error, host, port)));
  });
}

function listenerOf(server: Server, { port }: AddressInfo, host: string): Listener {
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${port}`,
    close: (graceMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function asPortError(error: NodeJS.ErrnoException, host: string, port: number): unknown {
  if (error.code === 'EADDRINUSE') {
    const message = `port ${port} on ${host} is taken; stop the program that has it, or choose another (KOUBOU_MCP_PORT)`;
    return new KoubouError('port.taken', message, { cause: error, details: { port } });
  }
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') {
    return new KoubouError('port.taken', `cannot listen on ${host}:${port} (${error.code})`, {
      cause: error,
    });
  }
  return error;
}
