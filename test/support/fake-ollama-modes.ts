import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** One generation that the fake was asked for. */
export interface Exchange {
  readonly model: string;
  readonly response: ServerResponse;
  readonly tokens: readonly string[];
  readonly tokenDelayMs: number;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
  /** The bytes of a chunk with one token; counts it as sent. */
  readonly token: (text: string) => Buffer;
  /** The bytes of a chunk that says what stands in it; of a chat, what its message does. */
  readonly piece: (fields: object) => Buffer;
  /** The bytes of the last chunk. */
  readonly last: (doneReason: string) => Buffer;
}

type Play = (exchange: Exchange) => void | Promise<void>;

/** What the modes with tools call. */
export const fakeCalls = [
  { name: 'search', arguments: { q: '工房', limit: 3 } },
  { name: 'clock', arguments: {} },
] as const;

const hugePieceChars = 64 * 1024;

/** What the fake can do when asked for a generation. Each stands for something that real servers and networks do. */
export const fakeModes = {
  /** All tokens at once, then a regular end. */
  ok: async (exchange) => {
    start(exchange);
    for (const text of exchange.tokens) await write(exchange, exchange.token(text));
    exchange.response.end(exchange.last('stop'));
  },
  /** A token every `tokenDelayMs`. */
  slow: async (exchange) => {
    start(exchange);
    for (const text of exchange.tokens) {
      if (exchange.gone.aborted) return;
      await write(exchange, exchange.token(text));
      await sleep(exchange.tokenDelayMs, undefined, { signal: exchange.gone }).catch(() => {});
    }
    exchange.response.end(exchange.last('stop'));
  },
  /** Not even headers, ever: a model that loads, a full queue that waits. */
  hang: () => {},
  'hang-after-first': async (exchange) => {
    start(exchange);
    await write(exchange, exchange.token('first'));
  },
  'error-500': ({ response }) => refuse(response, 500, 'llama runner process has terminated'),
  'busy-503': ({ response }) => {
    response.setHeader('retry-after', '2');
    refuse(response, 503, 'server busy, please try again. maximum pending requests exceeded');
  },
  'busy-429': ({ response }) => refuse(response, 429, 'too many requests'),
  'bad-request': ({ response }) => refuse(response, 400, 'invalid option: temprature'),
  'unknown-model': ({ model, response }) => refuse(response, 404, `model '${model}' not found`),
  unauthorized: ({ response }) => refuse(response, 401, 'invalid key sk-0123456789'),
  /** A server that is something else. */
  'not-ollama': ({ response }) => {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
  },
  redirect: ({ response }) => {
    response.writeHead(302, { location: 'https://example.com/' }).end();
  },
  'reset-before-headers': ({ response }) => {
    response.socket?.resetAndDestroy();
  },
  /** The connection breaks in the middle of a line. */
  cut: async (exchange) => {
    start(exchange);
    await write(exchange, exchange.token('first'));
    await write(exchange, exchange.token('second').subarray(0, 20));
    exchange.response.socket?.destroy();
  },
  /** The answer ends in order at the HTTP level, but without its last chunk. */
  'end-without-done': async (exchange) => {
    start(exchange);
    await write(exchange, exchange.token('first'));
    exchange.response.end();
  },
  'error-line': async (exchange) => {
    start(exchange);
    await write(exchange, exchange.token('first'));
    exchange.response.end('{"error":"an error was encountered while running the model: CUDA error"}\n');
  },
  /** A line in the middle that is not JSON; the rest looks as if nothing had happened. */
  garbage: async (exchange) => {
    start(exchange);
    await write(exchange, exchange.token('first'));
    await write(exchange, Buffer.from('<html>Bad gateway</html>\n'));
    exchange.response.end(exchange.last('stop'));
  },
  'not-http': ({ response }) => {
    response.socket?.end('SSH-2.0-OpenSSH_9.2p1\r\n');
  },
  empty: (exchange) => {
    start(exchange);
    exchange.response.write(exchange.token(' \n'));
    exchange.response.end(exchange.last('stop'));
  },
  'tool-calls': async (exchange) => {
    start(exchange);
    const calls = fakeCalls.map((called) => ({ function: called }));
    await write(exchange, exchange.piece({ content: '', thinking: 'Hm. ' }));
    await write(exchange, exchange.piece({ content: '', tool_calls: calls }));
    exchange.response.end(exchange.last('stop'));
  },
  /** Its arguments are text, where Ollama has an object. */
  'tool-broken': (exchange) => {
    start(exchange);
    const called = { function: { name: 'search', arguments: '{"q": "' } };
    exchange.response.write(exchange.piece({ content: '', tool_calls: [called] }));
    exchange.response.end(exchange.last('stop'));
  },
  load: (exchange) => {
    start(exchange);
    exchange.response.end(exchange.last('load'));
  },
  unload: (exchange) => {
    start(exchange);
    exchange.response.end(exchange.last('unload'));
  },
  /** Every byte in a packet of its own, so that each multi-byte character arrives in pieces. */
  'split-bytes': async (exchange) => {
    start(exchange);
    exchange.response.socket?.setNoDelay(true);
    const tokens = Buffer.concat(exchange.tokens.map(exchange.token));
    for (const byte of tokens) {
      await write(exchange, Buffer.of(byte));
      await nextTurn();
    }
    exchange.response.end(exchange.last('stop'));
  },
  /** Text without end. */
  huge: async (exchange) => {
    start(exchange);
    const piece = 'x'.repeat(hugePieceChars);
    while (!exchange.gone.aborted) {
      await write(exchange, exchange.token(piece));
      await nextTurn();
    }
  },
  /** One line without end. */
  'huge-line': async (exchange) => {
    start(exchange);
    const piece = Buffer.alloc(hugePieceChars, 'x');
    while (!exchange.gone.aborted) {
      await write(exchange, piece);
      await nextTurn();
    }
  },
} as const satisfies Record<string, Play>;

export type FakeMode = keyof typeof fakeModes;

/** Reads a mode from outside, such as a model's name. */
export function isFakeMode(name: string): name is FakeMode {
  return Object.hasOwn(fakeModes, name);
}

function start({ response }: Exchange): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
}

/** Resolves when the bytes have left, or the client has. */
function write({ response }: Exchange, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    response.write(bytes, () => resolve());
  });
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ error }));
}
