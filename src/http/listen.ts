import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { watchListener } from './port-watch.ts';

/** A door that is open. */
export interface Listener {
  readonly url: string;
  /** Takes no new connections, and ends the idle ones; resolves when the others have ended or `graceMs` is over. */
  close(graceMs: number): Promise<void>;
}

/** A request, its body included, must arrive within this: a slow sender may not hold a connection for ever. */
const requestTimeoutMs = 120_000;

/**
 * @param variable that sets another port, for the message
 * @param onFault told of what befalls the open listener; it goes on
 * @throws KoubouError `port.taken`
 */
export function listen(
  app: Hono,
  host: string,
  port: number,
  { variable = 'KOUBOU_MCP_PORT', onFault = () => undefined }: ListenOptions = {},
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (address) =>
      resolve(listenerOf(server, address, host)),
    ) as Server;
    server.requestTimeout = requestTimeoutMs;
    watchListener(server, { host, port, variable }, reject, onFault);
  });
}

interface ListenOptions {
  readonly variable?: string;
  readonly onFault?: (error: unknown) => void;
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
