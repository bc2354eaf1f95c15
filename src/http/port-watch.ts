import type { Server } from 'node:http';
import { KoubouError } from '../machines/errors.ts';

/** Where a listener is opened, and which variable sets another port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly variable: string;
}

/**
 * Refuses what keeps a listener from being opened, in words that help. What befalls it later, such as too few descriptors
 * to accept one more connection, ends no process: it is told, and the listener goes on.
 */
export function watchListener(
  server: Server,
  address: ListenAddress,
  refuse: (error: unknown) => void,
  onFault: (error: unknown) => void,
): void {
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (server.listening) onFault(error);
    else refuse(portError(error, address));
  });
}

function portError(error: NodeJS.ErrnoException, { host, port, variable }: ListenAddress): unknown {
  const options = { cause: error, details: { port } };
  if (error.code === 'EADDRINUSE') {
    const message = `port ${port} on ${host} is taken; stop the program that has it, or choose another (${variable})`;
    return new KoubouError('port.taken', message, options);
  }
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') {
    return new KoubouError('port.taken', `cannot listen on ${host}:${port} (${error.code})`, options);
  }
  return error;
}
