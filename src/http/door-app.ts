import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { KoubouError } from '../machines/errors.ts';
import type { Runtime } from '../runtime.ts';
import { gateOf } from './access-gate.ts';
import { authenticate } from './auth.ts';
import { statusOf } from './error-table.ts';
import { requestIds } from './request-id.ts';
import { requestSpan } from './request-span.ts';

export interface AppLog {
  error(details: object, message: string): void;
}

export interface DoorSettings {
  readonly log: AppLog;
  /** What failed, for the log: `a request`. */
  readonly what: string;
  /** How this door writes a refusal down, for the clients of a path. */
  readonly bodyOf: (refusal: KoubouError, path: string) => object;
  /** What is said where there is nothing. */
  readonly nothingAt: (method: string) => string;
}

/** What all doors that speak HTTP have in common: who may come in, and how they are told what went wrong. */
export function doorApp(runtime: Runtime, { log, what, bodyOf, nothingAt }: DoorSettings): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    const refusal = error instanceof KoubouError ? error : unexpected(error, c);
    if (refusal.retryAfterMs !== undefined)
      c.header('Retry-After', String(Math.ceil(refusal.retryAfterMs / 1_000)));
    if (refusal.code === 'auth.missing') c.header('WWW-Authenticate', 'Bearer');
    return c.json(bodyOf(refusal, c.req.path), statusOf(refusal.code) as ContentfulStatusCode);
  });
  app.notFound((c) =>
    c.json(bodyOf(new KoubouError('route.unknown', nothingAt(c.req.method)), c.req.path), 404),
  );
  // First, so that whatever refuses a request answers under its name, and within its span.
  app.use(requestIds(), requestSpan());
  const gate = gateOf(runtime);
  const crossOrigin = cors({
    origin: (origin, c) => (gate.isAllowedOrigin(origin, c.req.header('host')) ? origin : null),
    // The dashboard has a port of its own, and its sign-in travels as a cookie.
    credentials: true,
    exposeHeaders: [
      'X-Request-Id',
      'Location',
      'Retry-After',
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
    ],
  });
  // Only pages send an origin; the others are spared the headers.
  app.use((c, next) => (c.req.header('origin') === undefined ? next() : crossOrigin(c, next)));
  app.use(authenticate(gate));
  return app;

  /** What nobody foresaw is a bug of ours: its words are for the log, not for the client. */
  function unexpected(error: unknown, c: Context): KoubouError {
    log.error({ err: error, request_id: c.get('requestId') }, `${what} failed`);
    const message = 'something went wrong here; the server log says what';
    return new KoubouError('internal', message, { cause: error });
  }
}
