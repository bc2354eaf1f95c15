import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { KoubouError } from '../machines/errors.ts';
import { errorBody, statusOf } from './error-table.ts';

/** Answers a request to upgrade with a refusal, as the REST interface would, and ends its connection. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const refusal =
    error instanceof KoubouError
      ? error
      : new KoubouError('internal', 'something went wrong here; the server log says what', { cause: error });
  const status = statusOf(refusal.code);
  const body = JSON.stringify(errorBody(refusal));
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  if (refusal.code === 'auth.missing') headers.push('WWW-Authenticate: Bearer');
  if (refusal.retryAfterMs !== undefined) {
    headers.push(`Retry-After: ${Math.ceil(refusal.retryAfterMs / 1_000)}`);
  }
  socket.once('finish', () => socket.destroy());
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
}
