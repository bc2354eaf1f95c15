import { existsSync } from 'node:fs';
import { systemClock } from '../actors/clock.ts';
import { readEnvironment } from '../config/environment.ts';
import { takeHome } from '../db/home.ts';
import { openStore } from '../db/sqlite-store.ts';
import { type NewToken, Tokens, type TokenView } from '../runtime/tokens.ts';
import { type Cli, CliError } from './cli.ts';
import { RestClient } from './rest-client.ts';
import { findHome, findServer } from './server-address.ts';
import { holderOf } from './server-process.ts';

export interface CreatedToken extends TokenView {
  /** The secret itself: this once. */
  readonly token: string;
}

/** Whoever keeps the tokens: the server while one runs, else this process. */
export interface TokenKeeper {
  create(wanted: NewToken): Promise<CreatedToken>;
  list(): Promise<readonly TokenView[]>;
  revoke(tokenId: string): Promise<TokenView>;
}

/**
 * Does something with the tokens. A database has one writer: the server, where one runs. Otherwise this process takes the
 * home for as long as it takes, as a server would, so that none can start in between.
 *
 * @param makesHome whether a home that does not exist yet is made
 */
export async function withTokens<T>(
  cli: Cli,
  makesHome: boolean,
  act: (keeper: TokenKeeper) => Promise<T>,
): Promise<T> {
  const paths = findHome(cli);
  const isElsewhere = (cli.env['KOUBOU_URL'] ?? '') !== '';
  if (isElsewhere || holderOf(paths).kind !== 'nobody') {
    const client = new RestClient(findServer(cli), cli.messages);
    return act({
      create: ({ name, scopes, expiresAtMs }) =>
        client.createToken({
          name,
          scopes,
          expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
        }),
      list: () => client.tokens(),
      revoke: (tokenId) => client.revokeToken(tokenId),
    });
  }
  if (!makesHome && !existsSync(paths.database))
    throw new CliError(cli.messages.talk.noDatabase(paths.database));
  const lock = takeHome(paths, process.pid);
  try {
    const store = openStore(paths.database, 'full', systemClock.now());
    try {
      const hasMaster = readEnvironment(cli.env).variables.KOUBOU_API_TOKEN !== undefined;
      const tokens = new Tokens({ table: store.tokens, clock: systemClock, hasMaster });
      try {
        return await act({
          create: async (wanted) => {
            const { token, view } = tokens.create(wanted);
            return { ...view, token };
          },
          list: async () => tokens.list(),
          revoke: async (tokenId) => tokens.revoke(tokenId),
        });
      } finally {
        tokens.close();
      }
    } finally {
      store.close();
    }
  } finally {
    lock.release();
  }
}
