import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { accessLimits } from '../../machines/access-limits.ts';
import { KoubouError } from '../../machines/errors.ts';
import type { Runtime } from '../../runtime.ts';
import { gateOf } from '../access-gate.ts';
import type { AppLog } from '../door-app.ts';
import { type Listener, listenerOf } from '../listen.ts';
import { guardListener, serverOptionsFor } from '../listener-guard.ts';
import { watchListener } from '../port-watch.ts';
import { refuseUpgrade } from '../upgrade-refusal.ts';
import { createGraphqlApp } from './graphql-app.ts';
import { graphqlDoor, graphqlPath } from './graphql-door.ts';
import { graphqlSocket } from './graphql-socket.ts';

/**
 * Opens the port for GraphQL: queries, mutations and SSE by HTTP, and everything by WebSocket.
 *
 * @throws KoubouError `port.taken`
 */
export function openGraphqlListener(runtime: Runtime, log: AppLog): Promise<Listener> {
  const { config } = runtime;
  const door = graphqlDoor(runtime, log);
  const app = createGraphqlApp(runtime, door, log);
  const socketDoor = graphqlSocket(door, gateOf(runtime));
  const taken = new Set<Duplex>();
  const server = createServer(serverOptionsFor(), getRequestListener(app.fetch));
  guardListener(server, { requestMs: accessLimits.documentMsMax });
  server.on('upgrade', (request, socket, head) => {
    // Without a listener the error of a client that has gone would end the process.
    socket.on('error', () => socket.destroy());
    taken.add(socket);
    socket.on('close', () => taken.delete(socket));
    const [path] = (request.url ?? '/').split('?', 1);
    if (path === graphqlPath) socketDoor.upgrade(request, socket, head);
    else refuseUpgrade(socket, new KoubouError('route.unknown', 'there is no WebSocket at this path'));
  });
  const { host } = config;
  const port = config.ports.graphql;
  const end = () => {
    door.subscriptions.end();
    void socketDoor.close();
  };
  return new Promise((resolve, reject) => {
    const onFault = (error: unknown) => log.error({ err: error }, 'the GraphQL listener failed');
    watchListener(server, { host, port, variable: 'KOUBOU_GRAPHQL_PORT' }, reject, onFault);
    server.listen(port, host, () => resolve(listenerOf(server, host, { path: graphqlPath, taken, end })));
  });
}
