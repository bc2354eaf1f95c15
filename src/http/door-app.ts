import { Hono } from 'hono';
import { cors } from 'hono/cors';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { KoubouError } from '../machines/errors.ts';
import type { Runtime } from '../runtime.ts';
import { authenticate, isLoopbackOrigin } from './auth.ts';
import { statusOf } from './error-table.ts';

export interface AppLog {
  error(details: object, message: string): void;
}

export interface DoorSettings {
  readonly log: AppLog;
  /** What failed, for the log: `a request`. */
  readonly what: string;
  /** How this door writes a refusal down. */
  readonly bodyOf: (refusal: KoubouError) => object;
  /** What is said where there is nothing. */
  readonly nothingAt: (method: string) => string;
}

/** What all doors that speak HTTP have in common: who may come in, and how they are told what went wrong. */
export function doorApp(runtime: Runtime, { log, what, bodyOf, nothingAt }: DoorSettings): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    const refusal = error instanceof KoubouError ? error : unexpected(error);
    if (refusal.retryAfterMs !== undefined)
      c.header('Retry-After', String(Math.ceil(refusal.retryAfterMs / 1_000)));
    if (refusal.code === 'auth.missing') c.header('WWW-Authenticate', 'Bearer');
    return c.json(bodyOf(refusal), statusOf(refusal.code) as ContentfulStatusCode);
  });
  app.notFound((c) => c.json(bodyOf(new KoubouError('route.unknown', nothingAt(c.req.method))), 404));
  const crossOrigin = cors({ origin: (origin) => (isLoopbackOrigin(origin) ? origin : null) });
  // Only pages send an origin; the others are spared the headers.
  app.use((c, next) => (c.req.header('origin') === undefined ? next() : crossOrigin(c, next)));
  app.use(authenticate(runtime.config.apiToken));
  return app;

  /** What nobody foresaw is a bug of ours: its words are for the log, not for the client. */
  function unexpected(error: unknown): KoubouError {
    log.error({ err: error }, `${what} failed`);
    const message = 'something went wrong here; the server log says what';
    return new KoubouError('internal', message, { cause: error });
  }
}
