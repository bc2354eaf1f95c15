import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { KoubouError } from '../../machines/errors.ts';
import type { Runtime } from '../../runtime.ts';
import type { AppLog } from '../app.ts';
import { authenticate, isLoopbackOrigin } from '../auth.ts';
import { statusOf } from '../error-table.ts';
import { type GraphqlDoor, graphqlPath } from './graphql-door.ts';
import { refusalError } from './refusals.ts';

const greeting = `GraphQL is at ${graphqlPath}: POST {"query": "{ systemStatus { status } }"} as application/json.\n`;

/** GraphQL over HTTP. It never listens: the listener gives it a port, a test gives it requests. */
export function createGraphqlApp(runtime: Runtime, door: GraphqlDoor, log: AppLog): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    const refusal = error instanceof KoubouError ? error : unexpected(error, log);
    if (refusal.code === 'auth.missing') c.header('WWW-Authenticate', 'Bearer');
    return c.json({ errors: [refusalError(refusal)] }, statusOf(refusal.code) as ContentfulStatusCode);
  });
  app.notFound((c) => {
    const refusal = new KoubouError('route.unknown', `there is nothing here; GraphQL is at ${graphqlPath}`);
    return c.json({ errors: [refusalError(refusal)] }, 404);
  });
  const crossOrigin = cors({ origin: (origin) => (isLoopbackOrigin(origin) ? origin : null) });
  app.use((c, next) => (c.req.header('origin') === undefined ? next() : crossOrigin(c, next)));
  app.use(authenticate(runtime.config.apiToken));
  app.get('/', (c) => c.text(greeting));
  // Clients of the original look whether it is there before they ask.
  app.all(graphqlPath, async (c): Promise<Response> => {
    return isLook(c) ? c.text(greeting) : door.yoga.fetch(c.req.raw, {});
  });
  return app;
}

/** Somebody looks in who asks nothing: a person with a browser, or a client that wants to know whether it is there. */
function isLook(c: Context): boolean {
  const accepts = c.req.header('accept') ?? '*/*';
  return c.req.method === 'GET' && c.req.query('query') === undefined && !/json|event-stream/.test(accepts);
}

function unexpected(error: unknown, log: AppLog): KoubouError {
  log.error({ err: error }, 'a GraphQL request failed');
  return new KoubouError('internal', 'something went wrong here; the server log says what', { cause: error });
}
