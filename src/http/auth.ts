import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, MiddlewareHandler } from 'hono';
import { accessLimits } from '../machines/access-limits.ts';
import { KoubouError } from '../machines/errors.ts';
import type { Caller } from '../machines/scopes.ts';
import { requireScope } from './access-caller.ts';
import { credentialOf } from './access-credentials.ts';
import { type Gate, local } from './access-gate.ts';
import { openPaths, scopesFor } from './access-routes.ts';
import type { Allowance } from './rate-limits.ts';

/** What `@hono/node-server` tells of the connection; nothing where a request is made within the process. */
interface Connection {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
}

/**
 * Lets in who may come, and counts all who try. Whoever gets past this is in the context as `caller`; that token cut off is
 * the end of the connection, too.
 */
export function authenticate(gate: Gate): MiddlewareHandler {
  return async (c, next) => {
    gate.assertWhence({ origin: c.req.header('origin'), host: c.req.header('host') });
    const { incoming, outgoing } = (c.env ?? {}) as Connection;
    assertFewHeaders(incoming);
    const address = addressOf(c);
    const who = gate.isOpen
      ? anybody
      : await identify(gate, credentialOf(gate.withOwnCookie(headersOf(c))), address);
    const allowance = await gate.count(who.caller, address).catch((error: unknown) => {
      if (error instanceof KoubouError) tellRefused(c, error);
      throw error;
    });
    // This machine is spared the headers: its limit is there to stop a loop that has run wild.
    const isTold = allowance !== null && gate.classOf(who.caller, address) !== 'loopback';
    if (!openPaths.has(c.req.path)) {
      if (who.caller === null) {
        if (isTold) tell((name, value) => c.header(name, value), allowance);
        throw who.refusal;
      }
      c.set('caller', who.caller);
      requireScope(c, ...scopesFor(c.req.method, c.req.path));
    }
    const leave = who.caller?.tokenId ? endWith(gate, who.caller, outgoing) : undefined;
    await next();
    // A stream goes on when its route has answered.
    if (leave !== undefined && outgoing === undefined) leave();
    if (isTold) tell((name, value) => c.res.headers.set(name, value), allowance);
  };
}

/** Where a request came from, as far as the connection tells. */
export function addressOf(c: Context): string {
  const { incoming } = (c.env ?? {}) as Connection;
  return incoming === undefined ? 'localhost' : (incoming.socket.remoteAddress ?? 'unknown');
}

/** Only what tells who asks; to copy all of them would cost more than all else here. */
function headersOf(c: Context) {
  return {
    authorization: c.req.header('authorization'),
    cookie: c.req.header('cookie'),
    origin: c.req.header('origin'),
    host: c.req.header('host'),
  };
}

/** @throws KoubouError `request.invalid` */
function assertFewHeaders(incoming: IncomingMessage | undefined): void {
  if (incoming === undefined || incoming.rawHeaders.length <= 2 * accessLimits.headersMax) return;
  throw new KoubouError(
    'request.invalid',
    `a request has at most ${accessLimits.headersMax} lines of headers; send fewer`,
  );
}

type Identity = { readonly caller: Caller } | { readonly caller: null; readonly refusal: KoubouError };

const anybody: Identity = { caller: local };

/** Who is not known is counted like any stranger before being refused. */
async function identify(gate: Gate, presented: string | null, address: string): Promise<Identity> {
  try {
    return { caller: await gate.client(presented, address) };
  } catch (error) {
    if (!(error instanceof KoubouError)) throw error;
    return { caller: null, refusal: error };
  }
}

/** Cuts a response that is still under way when its token is over. */
function endWith(gate: Gate, caller: Caller, outgoing: ServerResponse | undefined): () => void {
  const leave = gate.tokens.whenOver(caller, () => outgoing?.destroy());
  if (outgoing?.closed) leave();
  else outgoing?.once('close', leave);
  return leave;
}

/** The headers that client libraries read today: draft-ietf-httpapi-ratelimit-headers-07 without its policy. */
function tell(set: (name: string, value: string) => void, { limit, remaining, resetMs }: Allowance): void {
  set('RateLimit-Limit', String(limit));
  set('RateLimit-Remaining', String(remaining));
  set('RateLimit-Reset', String(Math.ceil(resetMs / 1_000)));
}

function tellRefused(c: Context, { code, details, retryAfterMs = 0 }: KoubouError): void {
  const { limit } = details;
  if (code !== 'rate.limited' || typeof limit !== 'number') return;
  tell((name, value) => c.header(name, value), { limit, remaining: 0, resetMs: retryAfterMs });
}
