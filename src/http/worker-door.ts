import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { KoubouError } from '../machines/errors.ts';
import { linkLimits } from '../machines/link-limits.ts';
import { GuessLimit } from './guess-limit.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';
import type { UpgradeDoor } from './websocket-listener.ts';

export interface WorkerDoorPorts {
  /** What a worker must present; `null` lets none in. */
  readonly token: string | null;
  /** A clock that only grows, in ms. */
  readonly nowMs: () => number;
  /** Takes over a connection of a worker whose token was right; to be heard in the same turn. */
  readonly accept: (ws: WebSocket, request: IncomingMessage) => void;
  readonly log: { warn(details: object, message: string): void };
}

/** The door for workers that join from other machines. The token is never logged. */
export function workerDoor({ token, nowMs, accept, log }: WorkerDoorPorts): UpgradeDoor {
  const expected = token === null ? null : digest(token);
  const guesses = new GuessLimit(nowMs);
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: linkLimits.frameToPoolBytesMax,
    perMessageDeflate: false,
  });
  return (request, socket, head) => {
    const address = request.socket.remoteAddress ?? '';
    try {
      admit(request, expected, guesses, address);
    } catch (error) {
      if (!(error instanceof KoubouError)) throw error;
      log.warn({ address, code: error.code }, 'a worker was turned away at the door');
      refuseUpgrade(socket, error);
      return;
    }
    server.handleUpgrade(request, socket, head, (ws) => accept(ws, request));
  };
}

/** @throws KoubouError `auth.forbidden`, `auth.missing`, `rate.limited` */
function admit(
  { headers }: IncomingMessage,
  expected: Buffer | null,
  guesses: GuessLimit,
  address: string,
): void {
  // Browsers always say where a page comes from, and workers are no pages.
  if (headers.origin !== undefined) {
    throw new KoubouError(
      'auth.forbidden',
      'workers are no web pages: an Origin header is not accepted here',
    );
  }
  if (expected === null) {
    throw new KoubouError(
      'auth.forbidden',
      'this pool takes no workers in: set WORKER_AUTH_TOKEN for it, and the same for the worker',
    );
  }
  const waitMs = guesses.waitMs(address);
  if (waitMs > 0) {
    throw new KoubouError('rate.limited', 'too many wrong tokens came from this address; try again later', {
      retryAfterMs: waitMs,
    });
  }
  const presented = headers.authorization?.match(/^Bearer\s+(.+)$/i)?.[1];
  // Of equal length whatever was sent, so that the comparison takes equally long.
  if (presented !== undefined && timingSafeEqual(expected, digest(presented))) return;
  guesses.count(address);
  throw new KoubouError(
    'auth.missing',
    presented === undefined
      ? 'this pool asks workers for a token: set WORKER_AUTH_TOKEN to that of the pool'
      : 'the token is wrong; it must be the WORKER_AUTH_TOKEN of the pool',
  );
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
