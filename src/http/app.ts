import { Hono } from 'hono';
import { cors } from 'hono/cors';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { KoubouError } from '../machines/errors.ts';
import type { Runtime } from '../runtime.ts';
import { version } from '../version.ts';
import { authenticate, isLoopbackOrigin } from './auth.ts';
import { madeOfConfig } from './config-in-force.ts';
import { docsRoutes } from './docs-routes.ts';
import { errorBody, statusOf } from './error-table.ts';
import { eventRoutes } from './event-stream.ts';
import { healthRoutes } from './health-routes.ts';
import { listRoutes } from './list-routes.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { openApiDocument } from './openapi.ts';
import { operatingRoutes } from './operating-routes.ts';
import { retryRoutes } from './retry-routes.ts';
import { taskRoutes } from './task-routes.ts';
import { delegationSchemas } from './task-schemas.ts';

export interface AppLog {
  error(details: object, message: string): void;
}

/** The REST interface of a runtime. It never listens: the server gives it a port, a test gives it requests. */
export function createApp(runtime: Runtime, log: AppLog): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    const refusal = error instanceof KoubouError ? error : unexpected(error, log);
    if (refusal.retryAfterMs !== undefined)
      c.header('Retry-After', String(Math.ceil(refusal.retryAfterMs / 1_000)));
    if (refusal.code === 'auth.missing') c.header('WWW-Authenticate', 'Bearer');
    return c.json(errorBody(refusal), statusOf(refusal.code) as ContentfulStatusCode);
  });
  app.notFound((c) => {
    const refusal = new KoubouError('route.unknown', `there is nothing at ${c.req.method} here; see /docs`);
    return c.json(errorBody(refusal), 404);
  });
  const crossOrigin = cors({ origin: (origin) => (isLoopbackOrigin(origin) ? origin : null) });
  // Only pages send an origin; the others are spared the headers.
  app.use((c, next) => (c.req.header('origin') === undefined ? next() : crossOrigin(c, next)));
  app.use(authenticate(runtime.config.apiToken));
  healthRoutes(app, runtime);
  const schemas = madeOfConfig(runtime, ({ taskTypes }) => delegationSchemas(taskTypes));
  taskRoutes(app, runtime, schemas);
  eventRoutes(app, runtime);
  listRoutes(app, runtime);
  retryRoutes(app, runtime);
  operatingRoutes(app, runtime);
  metricsRoutes(app, runtime);
  docsRoutes(
    app,
    madeOfConfig(runtime, () => openApiDocument(schemas(), version)),
  );
  return app;
}

/** What nobody foresaw is a bug of ours: its words are for the log, not for the client. */
function unexpected(error: unknown, log: AppLog): KoubouError {
  log.error({ err: error }, 'a request failed');
  return new KoubouError('internal', 'something went wrong here; the server log says what', { cause: error });
}
