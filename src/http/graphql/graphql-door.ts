import { type GraphQLError, type GraphQLSchema, parse } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Runtime } from '../../runtime.ts';
import type { AppLog } from '../door-app.ts';
import { assertModest, documentLimits } from './document-limits.ts';
import { shownError } from './refusals.ts';
import { graphqlSchema } from './schema.ts';
import { Subscriptions } from './subscriptions.ts';

export const graphqlPath = '/graphql';

/** What GraphQL needs, whichever way its requests come: by HTTP, by SSE or by WebSocket. */
export interface GraphqlDoor {
  readonly yoga: YogaServerInstance<Record<string, unknown>, Record<string, unknown>>;
  readonly subscriptions: Subscriptions;
  readonly maskError: (error: unknown) => Error;
}

export function graphqlDoor(runtime: Runtime, log: AppLog): GraphqlDoor {
  const subscriptions = new Subscriptions(runtime);
  const schema = graphqlSchema(runtime, subscriptions);
  const maskError = (error: unknown) => shownError(error, log);
  const yoga = createYoga<Record<string, unknown>, Record<string, unknown>>({
    graphqlEndpoint: graphqlPath,
    // Its page would load programs from a server of others.
    graphiql: false,
    landingPage: false,
    // Origins are looked at before it, as for REST.
    cors: false,
    multipart: false,
    batching: false,
    logging: false,
    maxRequestBodySize: documentLimits.bodyBytesMax,
    // It counts documents, not bytes: a thousand long ones would stay in memory.
    parserAndValidationCache: false,
    maskedErrors: { maskError },
    plugins: [inForce(schema), modestRequests()],
    fetchAPI: { Request, Response, Headers, ReadableStream, fetch },
  });
  return { yoga, subscriptions, maskError };
}

/** Each request under the configuration that is in force then, whichever way it comes. */
function inForce(schema: () => GraphQLSchema): Plugin {
  return { onEnveloped: ({ setSchema }) => setSchema(schema()) };
}

/** Nothing of a document that asks for too much is validated or done. */
function modestRequests(): Plugin {
  const refusal = (args: Parameters<typeof assertModest>): GraphQLError | undefined => {
    try {
      assertModest(...args);
      return undefined;
    } catch (error) {
      return error as GraphQLError;
    }
  };
  return {
    onParse({ setParseFn }) {
      setParseFn((source: string, options: object) => {
        const document = parse(source, { ...options, maxTokens: documentLimits.tokensMax });
        assertModest(document, null, {});
        return document;
      });
    },
    // Again, now that the variables are known which lists are limited by.
    onExecute({ args, setResultAndStopExecution }) {
      const error = refusal([args.document, args.operationName ?? null, args.variableValues ?? {}]);
      if (error !== undefined) setResultAndStopExecution({ errors: [error] });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = refusal([args.document, args.operationName ?? null, args.variableValues ?? {}]);
      if (error !== undefined) setResultAndStopExecution({ errors: [error] });
    },
  };
}
