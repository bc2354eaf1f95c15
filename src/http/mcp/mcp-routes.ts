import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Context, Hono } from 'hono';
import type { Clock } from '../../actors/clock.ts';
import { homePaths } from '../../db/home.ts';
import { KoubouError } from '../../machines/errors.ts';
import { mcpLimits } from '../../machines/mcp-limits.ts';
import type { Caller } from '../../machines/scopes.ts';
import type { Runtime } from '../../runtime.ts';
import { assertScope, callerOf } from '../access-caller.ts';
import { madeOfConfig } from '../config-in-force.ts';
import type { AppLog } from '../door-app.ts';
import { statusOf } from '../error-table.ts';
import { readWorkerLog } from '../logs/log-reader.ts';
import { readJson } from '../request-body.ts';
import { delegationSchemas } from '../task-schemas.ts';
import { runtimeFor } from './caller-runtime.ts';
import { conformanceDoor } from './conformance-door.ts';
import { LastAnswers } from './last-answers.ts';
import type { McpPorts } from './mcp-ports.ts';
import { koubouMcpServer } from './mcp-server.ts';
import { OpenCalls } from './open-calls.ts';
import { isListening, withTaskSubscriptions } from './task-extension-listen.ts';

const sessionHeader = 'mcp-session-id';
const sessionShape = /^[\x21-\x7e]{1,100}$/;

/** JSON-RPC's own codes. */
const parseError = -32_700;
const invalidRequest = -32_600;
const internalError = -32_603;

/**
 * `/mcp`: the Model Context Protocol over HTTP, in its revisions with `initialize` and in the stateless one of 2026. Each
 * request is served by a server of its own.
 */
export function mcpRoutes(app: Hono, runtime: Runtime, log: AppLog): void {
  const ports = mcpPorts(runtime, log, runtime.clock);
  let reported: Error | undefined;
  const options = {
    onerror: (error: Error) => {
      reported = error;
    },
  };
  const callers = new AsyncLocalStorage<Caller>();
  const portsOf = () => portsFor(ports, callers.getStore() ?? nobody);
  const serverOf = () => koubouMcpServer(portsOf());
  const doorOf = runtime.config.mcpConformance ? conformanceDoor : createMcpHandler;
  const handler = withTaskSubscriptions(doorOf(serverOf, options), portsOf);
  const calls = new OpenCalls();
  const answers = new LastAnswers();
  // Nothing more will happen: who waits hears of its task, then who listens is told so and finds the next server.
  runtime.stream.subscribe(({ fact }) => {
    if (fact.type === 'pool.stopped') void answers.given().then(() => handler.close());
  });
  app.all('/mcp', async (c) => {
    const response = await callers.run(callerOf(c), () => serve(c));
    // Rejected requests are reported, too; they are the business of who sent them.
    if (response.status >= 500 && response.status !== 503)
      log.error({ err: reported }, 'an MCP request failed');
    return response;
  });

  async function serve(c: Context): Promise<Response> {
    if (c.req.method !== 'POST') return answers.areOver ? stopped(null) : handler.fetch(c.req.raw);
    const body = await bodyOf(c);
    if (body instanceof Response) return body;
    if (answers.areOver) return stopped(body);
    const call = callOf(c, body, calls);
    const { url, headers } = c.req.raw;
    // Who listens has no last answer; it is the closing that ends it.
    const given = isListening(headers) ? () => undefined : answers.begin();
    call.signal.addEventListener('abort', given, { once: true });
    const close = () => {
      call.close();
      given();
    };
    try {
      // The body has been read; what it held goes along.
      const request = new Request(url, { method: 'POST', headers, signal: call.signal });
      const response = await handler.fetch(request, { parsedBody: body });
      return withSession(body, answered(response, { ...call, close }));
    } catch (error) {
      close();
      throw error;
    }
  }
}

const nobody: Caller = { name: 'nobody', tokenId: null, scopes: [] };

/** The same for one caller: each tool, resource and prompt asks for the scope of what it does. */
function portsFor(ports: McpPorts, caller: Caller): McpPorts {
  const runtime = runtimeFor(ports.runtime, caller);
  const workerLog = async (id: string) => {
    assertScope(caller, 'read');
    return ports.workerLog(id);
  };
  return { ...ports, runtime, workerLog };
}

export function mcpPorts(runtime: Runtime, log: AppLog, clock: Clock): McpPorts {
  const paths = homePaths(runtime.config.home);
  return {
    runtime,
    log,
    clock,
    schemas: madeOfConfig(runtime, ({ taskTypes }) => delegationSchemas(taskTypes)),
    workerLog: async (id) => {
      // Only names of workers that are there: others could be names of other files.
      if (!runtime.workers().some(({ worker_id }) => worker_id === id)) return undefined;
      return (await readWorkerLog(paths, id, mcpLimits.logLinesMax)) ?? [];
    },
  };
}

/** What was sent, or how it is refused: in the words of JSON-RPC. */
async function bodyOf(c: Context): Promise<unknown> {
  try {
    const body = await readJson(c);
    if (!Array.isArray(body) || body.length <= mcpLimits.batchMessagesMax) return body;
    const message = `a batch has at most ${mcpLimits.batchMessagesMax} messages`;
    throw new KoubouError('request.invalid', message);
  } catch (error) {
    if (!(error instanceof KoubouError)) throw error;
    const code = error.cause === undefined ? invalidRequest : parseError;
    const refusal = { jsonrpc: '2.0', error: { code, message: error.message }, id: null };
    return Response.json(refusal, { status: statusOf(error.code) });
  }
}

/** The next server will know the task; this one hands nothing on any more. */
function stopped(body: unknown): Response {
  const { id = null } = (body ?? {}) as { id?: unknown };
  const error = { code: internalError, message: 'the server is stopping; ask again when it is back' };
  return Response.json({ jsonrpc: '2.0', error, id }, { status: 503, headers: { 'retry-after': '5' } });
}

interface Call {
  readonly signal: AbortSignal;
  readonly close: () => void;
}

/** Makes a request of a session one that the session can cancel, and carries out such a cancellation. */
function callOf(c: Context, body: unknown, calls: OpenCalls): Call {
  const { signal } = c.req.raw;
  const session = c.req.header(sessionHeader) ?? '';
  if (!sessionShape.test(session) || typeof body !== 'object' || body === null)
    return { signal, close: () => undefined };
  const { id, method, params } = body as { id?: unknown; method?: unknown; params?: { requestId?: unknown } };
  if (method === 'notifications/cancelled') calls.cancel(session, params?.requestId);
  if (typeof id !== 'string' && typeof id !== 'number') return { signal, close: () => undefined };
  const call = calls.open(session, id);
  signal.addEventListener('abort', call.close, { once: true });
  return { signal: AbortSignal.any([signal, call.signal]), close: call.close };
}

/** The same answer; when its end has been sent, the call is over. */
function answered(response: Response, { close }: Call): Response {
  if (response.body === null) {
    close();
    return response;
  }
  const body = response.body.pipeThrough(new TransformStream({ flush: close }));
  return new Response(body, response);
}

/** Names the client that has just introduced itself. */
function withSession(body: unknown, response: Response): Response {
  const isInitialize = (body as { method?: unknown } | null)?.method === 'initialize';
  if (isInitialize && response.ok && !response.headers.has(sessionHeader))
    response.headers.set(sessionHeader, randomUUID());
  return response;
}
