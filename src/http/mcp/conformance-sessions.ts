import { randomUUID } from 'node:crypto';
import {
  type EventStore,
  isInitializeRequest,
  type JSONRPCMessage,
  type McpHandlerRequestOptions,
  type McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';

/** Sessions that are open at once; the suite opens one to a scenario, and does not end each. */
const sessionsMax = 100;
/** Messages that a session remembers for a client that comes back. */
const messagesMax = 200;
/** When a client whose stream was closed is to come back, in ms. */
const retryMs = 500;

/**
 * Sessions of the revisions with `initialize`. Koubou itself needs none: its tools never ask their client for anything.
 * Those of the suite do, and the reply to such a question must find the one that asked.
 */
export class ConformanceSessions {
  readonly #serverOf: () => McpServer;
  readonly #open = new Map<string, WebStandardStreamableHTTPServerTransport>();

  constructor(serverOf: () => McpServer) {
    this.#serverOf = serverOf;
  }

  async fetch(request: Request, options: McpHandlerRequestOptions = {}): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    const session = id === null ? await this.#openFor(options.parsedBody) : this.#open.get(id);
    if (session !== undefined) return session.handleRequest(request, options);
    const [status, message] = id === null ? [400, 'no session is named'] : [404, 'there is no such session'];
    return Response.json({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }, { status });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((session) => session.close()));
  }

  async #openFor(body: unknown): Promise<WebStandardStreamableHTTPServerTransport | undefined> {
    if (!isInitializeRequest(body)) return undefined;
    const id = randomUUID();
    const session = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      eventStore: messageStore(),
      retryInterval: retryMs,
      onsessionclosed: () => void this.#open.delete(id),
    });
    const [oldest] = this.#open;
    if (this.#open.size >= sessionsMax && oldest !== undefined) {
      this.#open.delete(oldest[0]);
      await oldest[1].close();
    }
    this.#open.set(id, session);
    await this.#serverOf().connect(session);
    return session;
  }
}

/** What was sent on which stream, so that a client that comes back gets the rest of it. */
function messageStore(): EventStore {
  const sent: { readonly stream: string; readonly id: string; readonly message: JSONRPCMessage }[] = [];
  let count = 0;
  const streamOf = (id: string) => id.slice(0, id.lastIndexOf('_'));
  return {
    storeEvent: async (stream, message) => {
      count += 1;
      const id = `${stream}_${count}`;
      sent.push({ stream, id, message });
      if (sent.length > messagesMax) sent.shift();
      return id;
    },
    getStreamIdForEventId: async (id) => streamOf(id),
    replayEventsAfter: async (lastId, { send }) => {
      const stream = streamOf(lastId);
      const from = sent.findIndex(({ id }) => id === lastId) + 1;
      for (const { id, message } of sent.slice(from).filter((one) => one.stream === stream))
        await send(id, message);
      return stream;
    },
  };
}
