import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { fakeVectors, isVectorMode } from './fake-embeddings.ts';
import type { RecordedRequest } from './fake-ollama.ts';
import {
  type FakeOpenaiMode,
  fakeOpenaiModes,
  isFakeOpenaiMode,
  type OpenaiExchange,
} from './fake-openai-modes.ts';

export interface FakeOpenaiOptions {
  readonly mode?: FakeOpenaiMode;
  /** Between two tokens in mode `slow`. */
  readonly tokenDelayMs?: number;
}

const generationPaths: ReadonlySet<string> = new Set([
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
]);

const defaultTokens = ['Hello', ' from', ' the', ' fake', ': 工房', 'の', '仕事', ' 🛠️', '.'];

/**
 * An OpenAI-compatible server that does as it is told. What it does with a generation is decided, in this order, by the
 * next entry of `nextModes`, by a model's name that is one of a mode (`hang`), or by `mode`.
 */
export class FakeOpenai {
  /** Without a path. */
  url = '';
  mode: FakeOpenaiMode;
  /** Used up one by one, for servers that fail once and then work. */
  readonly nextModes: FakeOpenaiMode[] = [];
  tokens: readonly string[] = defaultTokens;
  tokenDelayMs: number;
  /** How `GET /v1/models` is answered. */
  models: (response: ServerResponse) => void = (response) => {
    response.end(JSON.stringify({ object: 'list', data: [{ id: 'tiny', object: 'model' }] }));
  };

  readonly requests: RecordedRequest[] = [];
  /** When a client left before its answer was complete, in ms of `performance.now()`. */
  readonly disconnectsMs: number[] = [];
  openGenerations = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(options: FakeOpenaiOptions = {}) {
    this.mode = options.mode ?? 'ok';
    this.tokenDelayMs = options.tokenDelayMs ?? 2;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get baseUrl(): string {
    return `${this.url}/v1`;
  }

  /** The text of a whole answer. */
  get text(): string {
    return this.tokens.join('');
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
        resolve();
      });
    });
  }

  /** Cuts every connection and frees the port. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = '', method = '', headers } = request;
    const body = method === 'POST' ? ((await json(request)) as Record<string, unknown>) : {};
    this.requests.push({ method, path, headers, body });
    const model = String(body['model']);
    const vectorMode = isVectorMode(model) || isFakeOpenaiMode(model) ? model : this.mode;
    if (method === 'POST' && path === '/v1/embeddings' && isVectorMode(vectorMode)) {
      const vectors = fakeVectors[vectorMode](body['input'] as string[]);
      const entries = vectors.map((vector, index) => `{"index":${index},"embedding":${vector}}`);
      const usage = '{"prompt_tokens":7,"total_tokens":7}';
      // In any order, as the protocol allows it.
      response.end(`{"model":"${model}","data":[${entries.toReversed().join()}],"usage":${usage}}`);
    } else if (method === 'POST' && generationPaths.has(path)) {
      await this.#generate(path, model, headers.authorization ?? '', response);
    } else if (method === 'GET' && path === '/v1/models') {
      this.models(response);
    } else {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"detail":"Not Found"}');
    }
  }

  async #generate(
    path: string,
    model: string,
    authorization: string,
    response: ServerResponse,
  ): Promise<void> {
    const gone = new AbortController();
    this.openGenerations += 1;
    response.on('close', () => {
      this.openGenerations -= 1;
      if (response.writableFinished) return;
      this.disconnectsMs.push(performance.now());
      gone.abort();
    });
    const mode = this.nextModes.shift() ?? (isFakeOpenaiMode(model) ? model : this.mode);
    await fakeOpenaiModes[mode](this.#exchange(path, model, authorization, response, gone.signal));
  }

  #exchange(
    path: string,
    model: string,
    authorization: string,
    response: ServerResponse,
    gone: AbortSignal,
  ): OpenaiExchange {
    let tokensSent = 0;
    const chunk = (fields: object): Buffer => {
      const common = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_767_225_600, model };
      return Buffer.from(`data: ${JSON.stringify({ ...common, ...fields })}\n\n`);
    };
    const choice = (delta: object, finishReason: string | null = null): Buffer =>
      chunk({ choices: [{ index: 0, delta, finish_reason: finishReason }], usage: null });
    return {
      model,
      authorization,
      response,
      tokens: this.tokens,
      tokenDelayMs: this.tokenDelayMs,
      gone,
      chunk,
      choice,
      piece: choice,
      token: (text) => {
        tokensSent += 1;
        if (path === '/v1/completions') return chunk({ choices: [{ index: 0, text, finish_reason: null }] });
        return choice(tokensSent === 1 ? { role: 'assistant', content: text } : { content: text });
      },
      last: (finishReason) => {
        const usage = { prompt_tokens: 7, completion_tokens: tokensSent, total_tokens: 7 + tokensSent };
        const events = [choice({}, finishReason), chunk({ choices: [], usage }), 'data: [DONE]\n\n'];
        return Buffer.concat(events.map((event) => Buffer.from(event)));
      },
    };
  }
}

/** A fake that listens. Whoever starts it closes it. */
export async function startFakeOpenai(options: FakeOpenaiOptions = {}): Promise<FakeOpenai> {
  const fake = new FakeOpenai(options);
  await fake.listen();
  return fake;
}
