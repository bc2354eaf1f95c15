import { Hono } from 'hono';
import { cors } from 'hono/cors';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { systemClock } from '../../actors/clock.ts';
import { KoubouError } from '../../machines/errors.ts';
import type { Runtime } from '../../runtime.ts';
import type { AppLog } from '../app.ts';
import { authenticate, isLoopbackOrigin } from '../auth.ts';
import { statusOf } from '../error-table.ts';
import { boardRoutes } from './board-routes.ts';
import { logRoutes } from './log-routes.ts';
import { logStreamRoutes } from './log-stream.ts';

/**
 * The Log API of a runtime: what boards read. Each reply is `{"status": "success", …}` or `{"status": "error",
 * "message"}`. It never listens: the server gives it a port, a test gives it requests.
 *
 * @param now epoch ms, the end of every window
 */
export function createLogApp(runtime: Runtime, log: AppLog, now = () => systemClock.now()): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    const refusal = error instanceof KoubouError ? error : unexpected(error, log);
    if (refusal.retryAfterMs !== undefined)
      c.header('Retry-After', String(Math.ceil(refusal.retryAfterMs / 1_000)));
    if (refusal.code === 'auth.missing') c.header('WWW-Authenticate', 'Bearer');
    const status = statusOf(refusal.code) as ContentfulStatusCode;
    return c.json({ status: 'error', message: refusal.message }, status);
  });
  app.notFound((c) => c.json({ status: 'error', message: `there is nothing at ${c.req.method} here` }, 404));
  const crossOrigin = cors({ origin: (origin) => (isLoopbackOrigin(origin) ? origin : null) });
  // Only pages send an origin; the others are spared the headers.
  app.use((c, next) => (c.req.header('origin') === undefined ? next() : crossOrigin(c, next)));
  app.use(authenticate(runtime.config.apiToken));
  logRoutes(app, runtime, now);
  logStreamRoutes(app, runtime);
  boardRoutes(app, runtime, now);
  return app;
}

/** What nobody foresaw is a bug of ours: its words are for the log, not for the client. */
function unexpected(error: unknown, log: AppLog): KoubouError {
  log.error({ err: error }, 'a request of the Log API failed');
  return new KoubouError('internal', 'something went wrong here; the server log says what', { cause: error });
}
