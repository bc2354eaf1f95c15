import type { MiddlewareHandler } from 'hono';
import { requestId } from 'hono/request-id';

/** A name that a client gives its request; longer ones, and such with signs that are none of `\w-=`, get another. */
export const requestIdCharsMax = 128;

const headerName = 'X-Request-Id';

/**
 * Every request has a name: its client's, where that is a sane one, or a new one. The answer bears it, whatever it is,
 * and the log of a request that failed names it.
 */
export function requestIds(): MiddlewareHandler {
  const name = requestId({ limitLength: requestIdCharsMax, headerName });
  return async (c, next) => {
    await name(c, next);
    // An answer that was not made with the context's own methods knows nothing of headers set before.
    if (!c.res.headers.has(headerName)) c.header(headerName, c.get('requestId'));
  };
}
