import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocket as WsClient } from 'ws';
import { openWebsocketListener } from '../../src/http/websocket-listener.ts';
import { workerDoor } from '../../src/http/worker-door.ts';
import { onDisposal } from './disposal.ts';
import { setupGate } from './gate.ts';

export const rightToken = 'right-token-0123456789';

export interface DoorSetUp {
  readonly token?: string | null;
  readonly accept?: (ws: WebSocket, request: IncomingMessage) => void;
}

/** A listener with the door for workers, and a record of who came in and of what was logged. */
export async function setupDoor({ token = rightToken, accept = () => undefined }: DoorSetUp = {}) {
  const logged: string[] = [];
  const { gate, tokens } = setupGate({ workerAuthToken: token });
  const accepted: WebSocket[] = [];
  const listener = await openWebsocketListener({
    host: '127.0.0.1',
    port: 0,
    doors: {
      '/worker': workerDoor({
        gate,
        accept: (ws, request) => {
          accepted.push(ws);
          accept(ws, request);
        },
        log: { warn: (details, message) => void logged.push(`${JSON.stringify(details)} ${message}`) },
      }),
    },
  });
  onDisposal(() => listener.close(0));
  return { listener, logged, accepted, tokens, url: `${listener.url}/worker` };
}

export interface Knock {
  readonly status: number;
  readonly message: string;
  readonly headers: IncomingMessage['headers'];
}

/** Asks for a WebSocket, and tells how that is answered; 101 is a connection, which is closed again. */
export function knock(url: string, headers: Record<string, string>): Promise<Knock> {
  return new Promise((resolve, reject) => {
    const ws = new WsClient(url, { headers });
    ws.on('open', () => {
      ws.terminate();
      resolve({ status: 101, message: '', headers: {} });
    });
    ws.on('error', reject);
    ws.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (text) => {
        body += String(text);
      });
      response.on('end', () => {
        const { error } = JSON.parse(body) as { error: { message: string } };
        resolve({ status: response.statusCode ?? 0, message: error.message, headers: response.headers });
      });
    });
  });
}
