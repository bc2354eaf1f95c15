import {
  CLIENT_CAPABILITIES_META_KEY,
  type JSONRPCRequest,
  type McpServer,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { tasksExtension } from './task-extension-wire.ts';

/** Answers a request, as the protocol layer calls it: with the request as it came. */
type Handler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>;

/**
 * Puts something around the handler of a method that a server has already. The library has no public way to do that: an error
 * thrown in a tool becomes its result, and what a tool returns must fit its output schema, so neither an error of the
 * protocol nor a task can come from within.
 *
 * @throws Error when the server has no handler for it as yet: that is a mistake in the order of the calls
 */
export function aroundHandler(
  { server }: McpServer,
  method: string,
  around: (request: JSONRPCRequest, ctx: ServerContext, inner: () => Promise<Result>) => Promise<Result>,
): void {
  const handlers = server['_requestHandlers'] as unknown as Map<string, Handler>;
  const inner = handlers.get(method);
  if (inner === undefined) throw new Error(`the server does not handle ${method} as yet`);
  handlers.set(method, async (request, ctx) => around(request, ctx, async () => inner(request, ctx)));
}

/** What the client of a request has declared with it. Without an envelope it is of the era of `initialize`. */
function declaredBy(ctx: ServerContext): Readonly<Record<string, unknown>> {
  const envelope: Readonly<Record<string, unknown>> = objectOr(ctx.mcpReq.envelope);
  return objectOr(envelope[CLIENT_CAPABILITIES_META_KEY]);
}

/** Whether the client of a request wants tasks. */
export function declaresTasks(ctx: ServerContext): boolean {
  return capabilitiesNameTasks(declaredBy(ctx));
}

/** @param capabilities of a client, as it sent them */
export function capabilitiesNameTasks(capabilities: unknown): boolean {
  return tasksExtension in objectOr(objectOr(capabilities)['extensions']);
}

/**
 * @throws ProtocolError −32021 for a client that has not declared the extension; −32601 for one of the former era, in
 *   which it does not exist
 */
export function assertDeclaresTasks(ctx: ServerContext): void {
  if (ctx.mcpReq.envelope === undefined)
    throw new ProtocolError(ProtocolErrorCode.MethodNotFound, 'Method not found');
  if (!declaresTasks(ctx)) throw tasksMissing();
}

/** What a client is told that has to declare the extension. */
export function tasksMissing(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError(
    { requiredCapabilities: { extensions: { [tasksExtension]: {} } } },
    `Missing required client capability: declare the extension ${tasksExtension}`,
  );
}

export function objectOr(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}
