import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { fakeVectors, isVectorMode } from './fake-embeddings.ts';
import { answerInformation, type FakeModel, type InformationFault } from './fake-ollama-information.ts';
import { type Exchange, type FakeMode, fakeModes, isFakeMode } from './fake-ollama-modes.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed body; an empty object where there was none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface FakeOllamaOptions {
  readonly mode?: FakeMode;
  /** What every answer consists of. */
  readonly tokens?: readonly string[];
  /** Between two tokens in mode `slow`. */
  readonly tokenDelayMs?: number;
  /** What `/api/tags` and `/api/ps` list; generations are not bound to it. */
  readonly models?: readonly (string | FakeModel)[];
  /** 0 takes a free port. */
  readonly port?: number;
}

const generationPaths: ReadonlySet<string> = new Set(['/api/generate', '/api/chat', '/api/embed']);

const defaultTokens = ['Hello', ' from', ' the', ' fake', ': 工房', 'の', '仕事', ' 🛠️', '.'];

/**
 * An Ollama server that does as it is told. What it does with a generation is decided, in this order, by the next entry
 * of `nextModes`, by a model's name that is one of a mode (`hang`, `hang:latest`), or by `mode`.
 */
export class FakeOllama {
  url = '';
  mode: FakeMode;
  /** Used up one by one, for servers that fail once and then work. */
  readonly nextModes: FakeMode[] = [];
  tokens: readonly string[];
  tokenDelayMs: number;
  models: readonly (string | FakeModel)[];
  /** How paths that inform go wrong, such as `/api/ps`. */
  readonly faults = new Map<string, InformationFault>();

  readonly requests: RecordedRequest[] = [];
  /** When a client left before its answer was complete, in ms of `performance.now()`. */
  readonly disconnectsMs: number[] = [];
  /** Paths, other than generations, whose client left before the answer was complete. */
  readonly abandoned: string[] = [];
  tokensSent = 0;
  openGenerations = 0;
  openGenerationsMax = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(options: FakeOllamaOptions = {}) {
    this.mode = options.mode ?? 'ok';
    this.tokens = options.tokens ?? defaultTokens;
    this.tokenDelayMs = options.tokenDelayMs ?? 2;
    this.models = options.models ?? ['tiny:latest'];
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** The text of a whole answer. */
  get text(): string {
    return this.tokens.join('');
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  get generations(): readonly RecordedRequest[] {
    return this.requests.filter(({ path }) => generationPaths.has(path));
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
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
    const path = request.url ?? '';
    const method = request.method ?? '';
    const body = method === 'POST' ? await readBody(request) : {};
    this.requests.push({ method, path, headers: request.headers, body });
    if (generationPaths.has(path)) {
      await this.#generate(path, body, response);
      return;
    }
    response.on('close', () => {
      if (!response.writableFinished) this.abandoned.push(path);
    });
    const models = this.models.map((model) => (typeof model === 'string' ? { name: model } : model));
    answerInformation({ method, path, body, models, fault: this.faults.get(path), response });
  }

  async #generate(path: string, body: Record<string, unknown>, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    this.openGenerations += 1;
    this.openGenerationsMax = Math.max(this.openGenerationsMax, this.openGenerations);
    response.on('close', () => {
      this.openGenerations -= 1;
      if (response.writableFinished) return;
      this.disconnectsMs.push(performance.now());
      gone.abort();
    });
    const model = String(body['model']);
    const vectorMode = isVectorMode(model) || isFakeMode(model) ? model : this.mode;
    if (path === '/api/embed' && isVectorMode(vectorMode)) {
      const vectors = fakeVectors[vectorMode](body['input'] as string[]);
      const counts = JSON.stringify({ ...statistics(0), eval_count: undefined });
      response.end(`{"model":"${model}","embeddings":[${vectors.join()}],${counts.slice(1)}`);
      return;
    }
    await fakeModes[this.#modeFor(model)](this.#exchange(path, model, response, gone.signal));
  }

  #modeFor(model: string): FakeMode {
    const named = model.replace(/:latest$/, '');
    return this.nextModes.shift() ?? (isFakeMode(named) ? named : this.mode);
  }

  #exchange(path: string, model: string, response: ServerResponse, gone: AbortSignal): Exchange {
    let evalCount = 0;
    const chunk = (said: object, rest: object): Buffer => {
      const content = path === '/api/chat' ? { message: { role: 'assistant', ...said } } : said;
      const line = { model, created_at: '2026-01-01T00:00:00Z', ...content, ...rest };
      return Buffer.from(`${JSON.stringify(line)}\n`);
    };
    return {
      model,
      response,
      tokens: this.tokens,
      tokenDelayMs: this.tokenDelayMs,
      gone,
      token: (text) => {
        this.tokensSent += 1;
        evalCount += 1;
        return chunk(path === '/api/chat' ? { content: text } : { response: text }, { done: false });
      },
      piece: (fields) => chunk(fields, { done: false }),
      last: (doneReason) =>
        chunk(path === '/api/chat' ? { content: '' } : { response: '' }, {
          done: true,
          done_reason: doneReason,
          ...statistics(evalCount),
        }),
    };
  }
}

/** A fake that listens. Whoever starts it closes it. */
export async function startFakeOllama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const fake = new FakeOllama(options);
  await fake.listen(options.port ?? 0);
  return fake;
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  return (await json(request)) as Record<string, unknown>;
}

/** Counts and nanoseconds in the shape of Ollama's last chunk. */
function statistics(evalCount: number): object {
  return {
    total_duration: 5_000_000,
    load_duration: 1_000_000,
    prompt_eval_count: 7,
    prompt_eval_duration: 1_500_000,
    eval_count: evalCount,
    eval_duration: 2_500_000,
  };
}
