import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { KoubouError } from '../machines/errors.ts';
import { linkLimits } from '../machines/link-limits.ts';
import type { Caller } from '../machines/scopes.ts';
import { credentialOf } from './access-credentials.ts';
import type { Gate } from './access-gate.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';
import type { UpgradeDoor } from './websocket-listener.ts';

export interface WorkerDoorPorts {
  /** Knows what a worker must present. */
  readonly gate: Gate;
  /** Takes over a connection of a worker whose token was right; to be heard in the same turn. */
  readonly accept: (ws: WebSocket, request: IncomingMessage) => void;
  readonly log: { warn(details: object, message: string): void };
}

/** Closed by the pool for a reason that lies with the worker, as WebSocket numbers it. */
const policyCode = 1008;

/** The door for workers that join from other machines. The token is never logged. */
export function workerDoor({ gate, accept, log }: WorkerDoorPorts): UpgradeDoor {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: linkLimits.frameToPoolBytesMax,
    perMessageDeflate: false,
  });
  return (request, socket, head) => {
    const address = request.socket.remoteAddress ?? 'unknown';
    admit(gate, request, address)
      .then((caller) => {
        if (socket.destroyed) return;
        server.handleUpgrade(request, socket, head, (ws) => {
          ws.once(
            'close',
            gate.tokens.whenOver(caller, () => ws.close(policyCode, 'the token is over')),
          );
          accept(ws, request);
        });
      })
      .catch((error: unknown) => {
        const why = error instanceof KoubouError ? { code: error.code } : { err: error };
        log.warn({ address, ...why }, 'a worker was turned away at the door');
        refuseUpgrade(socket, error);
      });
  };
}

/** @throws KoubouError `auth.forbidden`, `auth.missing`, `rate.limited` */
async function admit(gate: Gate, { headers }: IncomingMessage, address: string): Promise<Caller> {
  // Browsers always say where a page comes from, and workers are no pages.
  if (headers.origin !== undefined) {
    throw new KoubouError(
      'auth.forbidden',
      'workers are no web pages: an Origin header is not accepted here',
    );
  }
  return gate.countedWorker(credentialOf(headers), address);
}
