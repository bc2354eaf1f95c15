import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { KoubouError } from '../../machines/errors.ts';
import { limits } from '../../machines/limits.ts';
import { assertSameMachine, digest, isToken, wrongToken } from '../auth.ts';
import { GuessLimit } from '../guess-limit.ts';
import { refuseUpgrade } from '../upgrade-refusal.ts';
import type { UpgradeDoor } from '../websocket-listener.ts';
import { Audience, type AudiencePorts } from './audience.ts';
import { presentedBy, protocolOf } from './presented-token.ts';
import { Stranger } from './stranger.ts';

export interface ClientDoorPorts extends AudiencePorts {
  /** Connections at once; `limits.socketsMax` by default. */
  readonly socketsMax?: number;
}

/**
 * The door for clients that watch: what happens, and what the pool looks like. Who knows the token says so in a header,
 * by a subprotocol, or in the first frame; without one configured, only pages and programs of this machine come in.
 */
export function clientDoor(ports: ClientDoorPorts): UpgradeDoor {
  const { runtime, clock, socketsMax = limits.socketsMax } = ports;
  const { apiToken } = runtime.config;
  const expected = apiToken === null ? null : digest(apiToken);
  const guesses = new GuessLimit(() => clock.monotonic());
  const audience = new Audience(ports);
  const strangers = new Set<WebSocket>();
  let sockets = 0;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.commandBytesMax,
    perMessageDeflate: false,
    handleProtocols: protocolOf,
  });

  const admit = (request: IncomingMessage): 'known' | 'stranger' => {
    const { headers, socket } = request;
    if (sockets >= socketsMax) throw crowded('as many clients as can be are watching already');
    if (runtime.readiness().pool === 'stopped') {
      throw new KoubouError('pool.draining', 'the server stops; come back in a moment', {
        retryAfterMs: 1_000,
      });
    }
    if (expected === null) {
      assertSameMachine(headers.origin, headers.host);
      return 'known';
    }
    assertMayGuess(guesses, socket.remoteAddress);
    const presented = presentedBy(headers);
    if (presented === undefined) {
      if (strangers.size >= limits.strangersMax)
        throw crowded('too many clients have yet to send their token');
      return 'stranger';
    }
    if (isToken(expected, presented)) return 'known';
    guesses.count(socket.remoteAddress ?? '');
    throw wrongToken();
  };

  const receive = (ws: WebSocket, request: IncomingMessage, who: 'known' | 'stranger', stream: Duplex) => {
    sockets += 1;
    // What is wrong with a frame ends its connection; that is told by its close.
    ws.on('error', () => undefined);
    ws.on('close', () => {
      sockets -= 1;
      strangers.delete(ws);
    });
    if (who === 'known' || expected === null) {
      audience.enter(ws, stream);
      return;
    }
    strangers.add(ws);
    const address = request.socket.remoteAddress ?? '';
    new Stranger(ws, stream, {
      clock,
      isRight: (token) => {
        assertMayGuess(guesses, address);
        if (isToken(expected, token)) return true;
        guesses.count(address);
        return false;
      },
      onAdmitted: () => {
        strangers.delete(ws);
        audience.enter(ws, stream);
      },
    }).ask();
  };

  return (request, socket, head) => {
    try {
      const who = admit(request);
      server.handleUpgrade(request, socket, head, (ws) => receive(ws, request, who, socket));
    } catch (error) {
      if (!(error instanceof KoubouError)) throw error;
      refuseUpgrade(socket, error);
    }
  };
}

/** @throws KoubouError `rate.limited` */
function assertMayGuess(guesses: GuessLimit, address = ''): void {
  const waitMs = guesses.waitMs(address);
  if (waitMs === 0) return;
  throw new KoubouError('rate.limited', 'too many wrong tokens came from this address; try again later', {
    retryAfterMs: waitMs,
  });
}

function crowded(message: string): KoubouError {
  return new KoubouError('rate.limited', message, { retryAfterMs: 5_000 });
}
