import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config.ts';
import { type HomePaths, homePaths } from '../db/home.ts';
import type { KoubouServer } from '../server.ts';
import { type Cli, CliError, exitCodes } from './cli.ts';
import { isAlive } from './server-process.ts';

/** Where a client finds its server. */
export interface ServerAddress {
  readonly url: string;
  /** What to present; `null` where none is set. */
  readonly token: string | null;
}

/** What a running server writes into its home: `run/koubou.json`. */
export interface ServerNote {
  readonly pid: number;
  readonly urls: KoubouServer['urls'];
  readonly startedAt: string;
}

/**
 * The server that commands talk to: `KOUBOU_URL`, else the one that runs on this home, else where the configuration
 * would put it. One that runs is found while somebody edits the files.
 *
 * @throws KoubouError `config.invalid`; CliError when KOUBOU_URL is no URL
 */
export function findServer(cli: Cli): ServerAddress {
  const token = readEnvironment(cli.env).variables.KOUBOU_API_TOKEN ?? null;
  const chosen = cli.env['KOUBOU_URL'] ?? '';
  if (chosen !== '') {
    if (!URL.canParse(chosen) || !/^https?:$/.test(new URL(chosen).protocol)) {
      throw new CliError(cli.messages.talk.notUrl(chosen), exitCodes.misused);
    }
    return { url: chosen.replace(/\/+$/, ''), token };
  }
  const note = readServerNote(findHome(cli));
  if (note !== undefined && isAlive(note.pid)) return addressOf(note, token);
  const config = loadConfig(cli);
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return { url: reachable(`http://${host}:${config.ports.rest}`), token };
}

/** The address of a server that runs. */
export function addressOf(note: ServerNote, token: string | null): ServerAddress {
  return { url: reachable(note.urls.rest), token };
}

/** The files of the home; found without the rest of the configuration, which may be what is wrong. */
export function findHome(cli: Pick<Cli, 'cwd' | 'env'>): HomePaths {
  const { KOUBOU_HOME } = readEnvironment(cli.env).variables;
  return homePaths(resolve(cli.cwd, KOUBOU_HOME ?? '.koubou'));
}

/** What the server of a home wrote; it may have been killed since. */
export function readServerNote(paths: HomePaths): ServerNote | undefined {
  try {
    return JSON.parse(readFileSync(join(paths.run, 'koubou.json'), 'utf8')) as ServerNote;
  } catch {
    return undefined; // There is none, or it is being written: nobody serves this home yet.
  }
}

/** A server on all addresses of a machine is asked at its own. */
export function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
