import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { guardListener, type ListenerLimits, serverOptionsFor } from './listener-guard.ts';
import { watchListener } from './port-watch.ts';

/** A door that is open. */
export interface Listener {
  readonly url: string;
  /** Takes no new connections, and ends the idle ones; resolves when the others have ended or `graceMs` is over. */
  close(graceMs: number): Promise<void>;
}

/**
 * @param variable that sets another port, for the message
 * @param onFault told of what befalls the open listener; it goes on
 * @throws KoubouError `port.taken`
 */
export function listen(
  app: Hono,
  host: string,
  port: number,
  { variable = 'KOUBOU_MCP_PORT', onFault = () => undefined, limits = {} }: ListenOptions = {},
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = serve(
      { fetch: app.fetch, hostname: host, port, serverOptions: serverOptionsFor(limits) },
      () => resolve(listenerOf(server, host)),
    ) as Server;
    guardListener(server, limits);
    watchListener(server, { host, port, variable }, reject, onFault);
  });
}

interface ListenOptions {
  readonly variable?: string;
  readonly onFault?: (error: unknown) => void;
  /** Of connections, where they are not the usual ones. */
  readonly limits?: Partial<ListenerLimits>;
}

/**
 * A server that listens, as a door.
 *
 * @param scheme and `path` of the address that people are told
 * @param taken sockets that left the server by an upgrade; they end with the grace, too
 * @param end asks those who took them to close
 */
export function listenerOf(
  server: Server,
  host: string,
  { scheme = 'http', path = '', taken = new Set(), end = () => undefined }: DoorParts = {},
): Listener {
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${scheme}://${name}:${port}${path}`,
    close: (graceMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          server.closeAllConnections();
          for (const socket of taken) socket.destroy();
        }, graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        end();
        server.closeIdleConnections();
      }),
  };
}

interface DoorParts {
  readonly scheme?: 'http' | 'ws';
  readonly path?: string;
  readonly taken?: ReadonlySet<Duplex>;
  readonly end?: () => void;
}
