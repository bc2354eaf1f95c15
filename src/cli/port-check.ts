import { createServer } from 'node:net';
import type { Config } from '../config/settings.ts';
import type { HomePaths } from '../db/home.ts';
import type { Finding } from './home-checks.ts';
import type { Messages } from './messages.ts';
import { readServerNote } from './server-address.ts';
import { holderOf } from './server-process.ts';

/** The port is free, or it is the server of this home that has it. */
export async function checkPort(
  words: Messages['doctor'],
  { host, ports }: Config,
  paths: HomePaths,
): Promise<Finding> {
  const holder = holderOf(paths);
  if (holder.kind === 'server') {
    const url = readServerNote(paths)?.urls.rest ?? '';
    return { check: 'port', state: 'ok', detail: words.serverRuns(holder.pid, url), advice: null };
  }
  const fault = await tryPort(host, ports.rest);
  const detail = `${host}:${ports.rest}`;
  if (fault === undefined)
    return { check: 'port', state: 'ok', detail: words.portFree(detail), advice: null };
  return {
    check: 'port',
    state: 'broken',
    detail: words.portTaken(detail, fault),
    advice: words.portAdvice(ports.rest),
  };
}

/** Listens for a moment; answers the code of the error (`EADDRINUSE`) when that is refused. */
function tryPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
