import { systemClock } from '../../src/actors/clock.ts';
import type { TokenRow, TokenTable } from '../../src/db/tokens-table.ts';
import { Gate, type GatePorts } from '../../src/http/access-gate.ts';
import { Tokens, type TokensPorts } from '../../src/runtime/tokens.ts';
import { onDisposal } from './disposal.ts';

/** A table in memory, and how often it was written. */
export function rowsInMemory(rows: TokenRow[] = []) {
  const written = { uses: 0, revocations: 0 };
  const table: TokenTable = {
    all: () => rows,
    add: (row, forget) => {
      for (const tokenId of forget)
        rows.splice(
          rows.findIndex((each) => each.tokenId === tokenId),
          1,
        );
      rows.push(row);
    },
    revoke: () => {
      written.revocations += 1;
      return true;
    },
    noteUses: () => {
      written.uses += 1;
    },
  };
  return { rows, table, written };
}

export function setupTokens(ports: Partial<TokensPorts> = {}) {
  const { rows, table, written } = rowsInMemory();
  const tokens = new Tokens({ table, clock: systemClock, hasMaster: false, ...ports });
  onDisposal(() => tokens.close());
  return { tokens, rows, written };
}

/** A gate without a runtime behind it, and without limits of requests. */
export function setupGate(
  config: Partial<GatePorts['config']> = {},
  server: Partial<GatePorts['config']['server']> = {},
) {
  const { apiToken = null, workerAuthToken = null, host = '127.0.0.1' } = config;
  const rateLimit = { strangerPerMinute: 0, strangerPerHour: 0, tokenPerMinute: 0, loopbackPerMinute: 0 };
  const { tokens, written } = setupTokens({ hasMaster: apiToken !== null });
  const ports = { rest: 0, websocket: 0, graphql: 0, logs: 0, dashboard: 0, ...config.ports };
  const settings = {
    apiToken,
    workerAuthToken,
    host,
    ports,
    server: { allowedOrigins: [], rateLimit, ...server },
  };
  return { gate: new Gate({ tokens, config: settings }), tokens, written };
}
