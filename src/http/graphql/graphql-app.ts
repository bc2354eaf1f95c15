import type { Context, Hono } from 'hono';
import type { Runtime } from '../../runtime.ts';
import { callerOf } from '../access-caller.ts';
import { type AppLog, doorApp } from '../door-app.ts';
import { type GraphqlDoor, graphqlPath } from './graphql-door.ts';
import { refusalError } from './refusals.ts';

const greeting = `GraphQL is at ${graphqlPath}: POST {"query": "{ systemStatus { status } }"} as application/json.\n`;

/** GraphQL over HTTP. It never listens: the listener gives it a port, a test gives it requests. */
export function createGraphqlApp(runtime: Runtime, door: GraphqlDoor, log: AppLog): Hono {
  const app = doorApp(runtime, {
    log,
    what: 'a GraphQL request',
    bodyOf: (refusal) => ({ errors: [refusalError(refusal)] }),
    nothingAt: () => `there is nothing here; GraphQL is at ${graphqlPath}`,
  });
  app.get('/', (c) => c.text(greeting));
  // Clients of the original look whether it is there before they ask.
  app.all(graphqlPath, async (c): Promise<Response> => {
    return isLook(c) ? c.text(greeting) : door.yoga.fetch(c.req.raw, { caller: callerOf(c) });
  });
  return app;
}

/** Somebody looks in who asks nothing: a person with a browser, or a client that wants to know whether it is there. */
function isLook(c: Context): boolean {
  const accepts = c.req.header('accept') ?? '*/*';
  return c.req.method === 'GET' && c.req.query('query') === undefined && !/json|event-stream/.test(accepts);
}
