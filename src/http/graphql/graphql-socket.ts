import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, GraphQLError, type execute as graphqlExecute } from 'graphql';
import type { Context, SubscribePayload } from 'graphql-ws';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { KoubouError } from '../../machines/errors.ts';
import { assertSameMachine, digest, isToken, wrongToken } from '../auth.ts';
import { refuseUpgrade } from '../upgrade-refusal.ts';
import type { UpgradeDoor } from '../websocket-listener.ts';
import { documentLimits } from './document-limits.ts';
import type { GraphqlDoor } from './graphql-door.ts';

/** Operations that one connection may have under way. */
const operationsMax = 100;

type Execute = typeof graphqlExecute;

export interface GraphqlSocket {
  readonly upgrade: UpgradeDoor;
  /** Ends all connections, in order. */
  close(): Promise<void>;
}

/**
 * GraphQL over WebSocket (`graphql-transport-ws`). The token comes with the upgrade as a header or, since pages cannot
 * send one, with `connection_init` as `{"authorization": "Bearer <token>"}` or `{"token": "<token>"}`.
 */
export function graphqlSocket(door: GraphqlDoor, apiToken: string | null): GraphqlSocket {
  const expected = apiToken === null ? null : digest(apiToken);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: documentLimits.bodyBytesMax });
  const server = useServer(
    {
      onConnect: ({ connectionParams, extra }: Context<Record<string, unknown> | undefined, Extra>) =>
        expected === null || isAllowed(expected, extra.request, connectionParams ?? {}),
      onSubscribe: (context, _id, payload) => prepare(door, context, payload),
      execute: (args) => (args.rootValue as { execute: Execute }).execute(args),
      subscribe: (args) => (args.rootValue as { subscribe: Execute }).subscribe(args),
    },
    sockets,
  );
  return {
    upgrade: (request, socket, head) => {
      try {
        assertWelcome(expected, request);
      } catch (error) {
        if (!(error instanceof KoubouError)) throw error;
        refuseUpgrade(socket, error);
        return;
      }
      sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request));
    },
    close: async () => {
      await server.dispose();
    },
  };
}

/** Who sends no token with the upgrade may still send it with the first message. @throws KoubouError */
function assertWelcome(expected: Buffer | null, { headers }: IncomingMessage): void {
  if (expected === null) assertSameMachine(headers.origin, headers.host);
  else if (headers.authorization !== undefined && !isRight(expected, headers.authorization))
    throw wrongToken();
}

function isAllowed(expected: Buffer, request: IncomingMessage, params: Record<string, unknown>): boolean {
  if (request.headers.authorization !== undefined) return true; // It was looked at before the upgrade.
  const { token, authorization = params['Authorization'] } = params;
  if (typeof token === 'string') return isToken(expected, token);
  return typeof authorization === 'string' && isRight(expected, authorization);
}

function isRight(expected: Buffer, authorization: string): boolean {
  const presented = /^Bearer\s+(.+)$/i.exec(authorization)?.[1];
  return presented !== undefined && isToken(expected, presented);
}

/** Parses and validates as for HTTP; what is wrong is an answer and leaves the connection open. */
async function prepare(
  { yoga, maskError }: GraphqlDoor,
  { subscriptions }: { readonly subscriptions: object },
  params: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  if (Object.keys(subscriptions).length > operationsMax) {
    return [new GraphQLError(`at most ${operationsMax} operations may be under way on one connection`)];
  }
  try {
    const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({ params });
    const document = parse(params.query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    return {
      schema,
      document,
      operationName: params.operationName ?? null,
      variableValues: params.variables ?? {},
      contextValue: await contextFactory(),
      rootValue: { execute, subscribe },
    };
  } catch (error) {
    const shown = maskError(error);
    return [shown instanceof GraphQLError ? shown : new GraphQLError(shown.message)];
  }
}
