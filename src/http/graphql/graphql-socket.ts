import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, GraphQLError, type execute as graphqlExecute } from 'graphql';
import type { Context, SubscribePayload } from 'graphql-ws';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { KoubouError } from '../../machines/errors.ts';
import type { Caller } from '../../machines/scopes.ts';
import { credentialOf } from '../access-credentials.ts';
import type { Gate } from '../access-gate.ts';
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

/** Closed since the token is over, as `graphql-transport-ws` numbers it. */
const forbiddenCode = 4403;

type Params = Record<string, unknown>;
/** What is known of a connection. */
type Known = Extra & Partial<{ caller: Caller }>;

/**
 * GraphQL over WebSocket (`graphql-transport-ws`). The token comes with the upgrade as a header or, since pages cannot
 * send one, with `connection_init` as `{"authorization": "Bearer <token>"}` or `{"token": "<token>"}`.
 */
export function graphqlSocket(door: GraphqlDoor, gate: Gate): GraphqlSocket {
  const callers = new WeakMap<IncomingMessage, Caller>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: documentLimits.bodyBytesMax });
  const server = useServer<Params, { caller: Caller }>(
    {
      onConnect: async ({ connectionParams, extra }: Context<Params, Known>) => {
        const { request, socket } = extra;
        const address = request.socket.remoteAddress ?? 'unknown';
        const caller = callers.get(request) ?? (await introduced(gate, connectionParams ?? {}, address));
        if (caller === null) return false;
        extra.caller = caller;
        socket.once(
          'close',
          gate.tokens.whenOver(caller, () => socket.close(forbiddenCode, 'Forbidden')),
        );
        return true;
      },
      onSubscribe: (context, _id, payload) => prepare(door, context, payload),
      execute: (args) => (args.rootValue as { execute: Execute }).execute(args),
      subscribe: (args) => (args.rootValue as { subscribe: Execute }).subscribe(args),
    },
    sockets,
  );
  return {
    upgrade: (request, socket, head) => {
      welcome(gate, request)
        .then((caller) => {
          if (socket.destroyed) return;
          if (caller !== null) callers.set(request, caller);
          sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request));
        })
        .catch((error: unknown) => refuseUpgrade(socket, error));
    },
    close: async () => {
      await server.dispose();
    },
  };
}

/**
 * Who sends no token with the upgrade may still send it with the first message.
 *
 * @throws KoubouError
 */
async function welcome(gate: Gate, { headers, socket }: IncomingMessage): Promise<Caller | null> {
  gate.assertWhence(headers);
  const address = socket.remoteAddress ?? 'unknown';
  const presented = credentialOf(gate.withOwnCookie(headers));
  const hasTried = presented !== null || headers.authorization !== undefined;
  if (hasTried || gate.isOpen) return gate.countedClient(presented, address);
  await gate.count(null, address);
  return null;
}

/** `null` for a token that lets nobody in. */
async function introduced(gate: Gate, params: Params, address: string): Promise<Caller | null> {
  const { token, authorization = params['Authorization'] } = params;
  const presented =
    typeof token === 'string'
      ? token
      : typeof authorization === 'string'
        ? credentialOf({ authorization })
        : null;
  try {
    return await gate.client(presented, address);
  } catch (error) {
    if (error instanceof KoubouError) return null;
    throw error;
  }
}

/** Parses and validates as for HTTP; what is wrong is an answer and leaves the connection open. */
async function prepare(
  { yoga, maskError }: GraphqlDoor,
  { subscriptions, extra }: Context<Params, Known>,
  params: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  if (Object.keys(subscriptions).length > operationsMax) {
    return [new GraphQLError(`at most ${operationsMax} operations may be under way on one connection`)];
  }
  try {
    const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
      params,
      caller: extra.caller,
    });
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
