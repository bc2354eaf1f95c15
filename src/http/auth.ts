import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { KoubouError } from '../machines/errors.ts';

/** What monitors ask, and what says nothing about tasks: open to all. */
const openPaths = new Set(['/health', '/healthz', '/readyz']);
const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a page comes from this machine: the original's dashboard does, from another port. */
export function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && loopbackNames.has(new URL(origin).hostname);
}

/**
 * Lets in who presents the token. Without a token configured the server listens on loopback alone; then only pages of
 * other sites must be kept out, which a browser on this machine would otherwise let through.
 */
export function authenticate(apiToken: string | null): MiddlewareHandler {
  const expected = apiToken === null ? null : digest(apiToken);
  return async (c, next) => {
    if (expected === null) assertSameMachine(c.req.header('origin'), c.req.header('host'));
    else if (!openPaths.has(c.req.path)) assertToken(expected, c.req.header('authorization'));
    await next();
  };
}

function assertToken(expected: Buffer, header: string | undefined): void {
  const presented = header?.match(/^Bearer\s+(.+)$/i)?.[1];
  if (presented === undefined) {
    throw new KoubouError(
      'auth.missing',
      'this server asks for a token: send "Authorization: Bearer <token>"',
    );
  }
  if (!isToken(expected, presented)) throw wrongToken();
}

/** Compares a token with the digest of the right one, in a time that tells nothing about either. */
export function isToken(expected: Buffer, presented: string): boolean {
  // Of equal length whatever was sent, so that the comparison takes equally long.
  return timingSafeEqual(expected, digest(presented));
}

export function wrongToken(): KoubouError {
  return new KoubouError('auth.missing', 'the token is wrong; it must be the KOUBOU_API_TOKEN of the server');
}

/**
 * The name of the host counts, too: a page may point a name of its own at this machine (DNS rebinding).
 *
 * @throws KoubouError `auth.forbidden`
 */
export function assertSameMachine(origin: string | undefined, host: string | undefined): void {
  const isForeign = (url: string | undefined) => url !== undefined && !isLoopbackOrigin(url);
  if (!isForeign(origin) && !isForeign(host === undefined ? undefined : `http://${host}`)) return;
  throw new KoubouError(
    'auth.forbidden',
    'without a token this server answers only under localhost, and not to pages of other sites; set KOUBOU_API_TOKEN for more',
  );
}

/** What a token is compared by. */
export function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
