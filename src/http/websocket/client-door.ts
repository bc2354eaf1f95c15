import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { KoubouError } from '../../machines/errors.ts';
import { limits } from '../../machines/limits.ts';
import type { Caller } from '../../machines/scopes.ts';
import { assertScope } from '../access-caller.ts';
import { gateOf } from '../access-gate.ts';
import { refuseUpgrade } from '../upgrade-refusal.ts';
import type { UpgradeDoor } from '../websocket-listener.ts';
import { Audience, type AudiencePorts } from './audience.ts';
import { actorsAskedFor } from './inspect-stately-watcher.ts';
import { closeCodes } from './outbox.ts';
import { presentedBy, presentedByTool, protocolOf } from './presented-token.ts';
import { Stranger } from './stranger.ts';

export interface ClientDoorPorts extends AudiencePorts {
  /** Connections at once; `limits.socketsMax` by default. */
  readonly socketsMax?: number;
}

/** Where tools knock that read the messages of `@statelyai/inspect`. */
export const toolPath = '/stately';

/**
 * The door for clients that watch: what happens, and what the pool looks like; it takes the scope `read`. Who has a token
 * says so in a header, by a subprotocol, or in the first frame; where none is asked for, only pages and programs of this
 * machine come in. At {@link toolPath} it shows actors to tools, which send nothing, not even a token in a frame.
 */
export function clientDoor(ports: ClientDoorPorts): UpgradeDoor {
  const { runtime, clock, log, socketsMax = limits.socketsMax } = ports;
  const gate = gateOf(runtime);
  const audience = new Audience(ports);
  const strangers = new Set<Duplex>();
  let sockets = 0;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.commandBytesMax,
    perMessageDeflate: false,
    handleProtocols: protocolOf,
  });

  const assertRoom = () => {
    if (sockets >= socketsMax) throw crowded('as many clients as can be are watching already');
    if (runtime.readiness().pool === 'stopped') {
      throw new KoubouError('pool.draining', 'the server stops; come back in a moment', {
        retryAfterMs: 1_000,
      });
    }
  };

  /** `null` for somebody who may still send a token. */
  const admit = async (request: IncomingMessage): Promise<Caller | null> => {
    const { headers, socket } = request;
    assertRoom();
    gate.assertWhence(headers);
    const address = socket.remoteAddress ?? 'unknown';
    const own = gate.withOwnCookie(headers);
    if (isTool(request)) return gate.countedClient(presentedByTool(own) ?? null, address);
    const presented = presentedBy(own);
    if (presented === undefined && !gate.isOpen) {
      await gate.count(null, address);
      return null;
    }
    return gate.countedClient(presented ?? null, address);
  };

  const enter = (ws: WebSocket, stream: Duplex, caller: Caller, actors?: readonly string[]) => {
    ws.once(
      'close',
      gate.tokens.whenOver(caller, () => ws.close(closeCodes.policy, 'the token is over')),
    );
    if (actors === undefined) audience.enter(ws, stream);
    else audience.enterTool(ws, stream, actors);
  };

  return (request, socket, head) => {
    const address = request.socket.remoteAddress ?? 'unknown';
    admit(request)
      .then((caller) => {
        if (socket.destroyed) return;
        if (caller !== null) assertScope(caller, 'read');
        const actors = isTool(request) ? actorsAskedFor(request.url ?? '', runtime.inspection) : undefined;
        // Again, and in one turn with the counting: others came while this one was looked at.
        assertRoom();
        if (caller === null && strangers.size >= limits.strangersMax)
          throw crowded('too many clients have yet to send their token');
        sockets += 1;
        if (caller === null) strangers.add(socket);
        socket.once('close', () => {
          sockets -= 1;
          strangers.delete(socket);
        });
        server.handleUpgrade(request, socket, head, (ws) => {
          // What is wrong with a frame ends its connection; that is told by its close.
          ws.on('error', () => undefined);
          if (caller !== null) {
            enter(ws, socket, caller, actors);
            return;
          }
          const onAdmitted = (known: Caller) => {
            strangers.delete(socket);
            enter(ws, socket, known);
          };
          new Stranger(ws, socket, { clock, identify: identifierAt(gate, address), onAdmitted }).ask();
        });
      })
      .catch((error: unknown) => {
        if (!(error instanceof KoubouError)) log.error({ err: error }, 'a watcher could not be let in');
        refuseUpgrade(socket, error);
      });
  };
}

/** Says who sends this token from there. */
function identifierAt(gate: ReturnType<typeof gateOf>, address: string): (token: string) => Promise<Caller> {
  return async (token) => {
    const known = await gate.client(token, address);
    assertScope(known, 'read');
    return known;
  };
}

function isTool({ url = '' }: IncomingMessage): boolean {
  return url.split('?', 1)[0] === toolPath;
}

function crowded(message: string): KoubouError {
  return new KoubouError('rate.limited', message, { retryAfterMs: 5_000 });
}
