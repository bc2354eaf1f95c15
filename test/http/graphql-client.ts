import type { Hono } from 'hono';
import { createGraphqlApp } from '../../src/http/graphql/graphql-app.ts';
import { type GraphqlDoor, graphqlDoor } from '../../src/http/graphql/graphql-door.ts';
import type { Runtime } from '../../src/runtime.ts';
import { type SetUp, setupRuntime } from '../support/running-server.ts';

/** An answer with its body as JSON. */
interface GraphqlAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: data as a client gets it: of any shape until it is looked at
  readonly data: any;
  readonly errors: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[];
}

export interface GraphqlClient {
  readonly app: Hono;
  readonly door: GraphqlDoor;
  readonly runtime: Runtime;
  readonly logged: string[];
  readonly ask: (
    query: string,
    variables?: object,
    headers?: Record<string, string>,
  ) => Promise<GraphqlAnswer>;
}

/** The GraphQL interface of a runtime of its own, asked without a network. */
export async function setupGraphql(setUp: SetUp = {}): Promise<GraphqlClient> {
  const { runtime } = await setupRuntime(setUp);
  const logged: string[] = [];
  const log = {
    error: (details: object, message: string) =>
      void logged.push(`${message} ${String(Object.values(details)[0])}`),
  };
  const door = graphqlDoor(runtime, log);
  const app = createGraphqlApp(runtime, door, log);
  const ask: GraphqlClient['ask'] = async (query, variables = {}, headers = {}) => {
    const response = await app.request('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    const { data = null, errors = [] } = (await response.json()) as { data?: unknown; errors?: [] };
    return { status: response.status, data, errors };
  };
  return { app, door, runtime, logged, ask };
}
