import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { english } from '../../src/cli/messages-en.ts';
import { RestClient } from '../../src/cli/rest-client.ts';
import { onDisposal } from '../support/disposal.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (response: ServerResponse, asked: Asked) => void;

/** A server that answers one request after the other as it is told, for faults that a real one does not have on call. */
export async function standIn(
  answers: readonly Answer[],
): Promise<{ client: RestClient; asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const one = { method, path: url, headers, body: await text(request) };
    const answer = answers[asked.push(one) - 1];
    if (answer === undefined) response.writeHead(500).end('nobody expected this request');
    else answer(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onDisposal(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: new RestClient({ url, token: 'hush' }, english), asked };
}

export const json =
  (status: number, body: object): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

export const breakOff: Answer = (response) => {
  response.socket?.resetAndDestroy();
};

/** A stream of these frames; it ends in order, or is cut. */
export const events =
  (frames: readonly string[], end: 'end' | 'cut'): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(frames.join(''), () => (end === 'end' ? response.end() : response.socket?.destroy()));
  };
