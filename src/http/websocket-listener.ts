import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { accessLimits } from '../machines/access-limits.ts';
import { KoubouError } from '../machines/errors.ts';
import { errorBody } from './error-table.ts';
import { type Listener, listenerOf } from './listen.ts';
import { guardListener, serverOptionsFor } from './listener-guard.ts';
import { watchListener } from './port-watch.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';

/** Takes over the connection of a request to upgrade, or refuses it. */
export type UpgradeDoor = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface WebsocketDoors {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** By path: `/worker`. */
  readonly doors: Readonly<Record<string, UpgradeDoor>>;
  /** Told of what befalls the open listener; it goes on. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * Opens the port for WebSockets and leads each request to the door of its path. Connections that were taken over are
 * closed by those who took them; {@link Listener.close} ends what is left after its grace.
 *
 * @throws KoubouError `port.taken`
 */
export function openWebsocketListener({
  host,
  port,
  doors,
  onFault = () => undefined,
}: WebsocketDoors): Promise<Listener> {
  const taken = new Set<Duplex>();
  const server = createServer(serverOptionsFor(), (_request, response) => {
    const refusal = new KoubouError('request.invalid', 'this port speaks WebSocket alone; see docs');
    response.writeHead(426, {
      connection: 'close',
      upgrade: 'websocket',
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(errorBody(refusal)));
  });
  guardListener(server, { requestMs: accessLimits.headersMsMax });
  server.on('upgrade', (request, socket, head) => {
    // Without a listener the error of a client that has gone would end the process.
    socket.on('error', () => socket.destroy());
    taken.add(socket);
    socket.on('close', () => taken.delete(socket));
    const door = doorOf(doors, request.url);
    if (door !== undefined) door(request, socket, head);
    else refuseUpgrade(socket, new KoubouError('route.unknown', 'there is no WebSocket at this path'));
  });
  return new Promise((resolve, reject) => {
    watchListener(server, { host, port, variable: 'KOUBOU_WEBSOCKET_PORT' }, reject, onFault);
    server.listen(port, host, () => resolve(listenerOf(server, host, { scheme: 'ws', taken })));
  });
}

function doorOf(doors: WebsocketDoors['doors'], url = '/'): UpgradeDoor | undefined {
  const [path = '/'] = url.split('?', 1);
  return Object.hasOwn(doors, path) ? doors[path] : undefined;
}
