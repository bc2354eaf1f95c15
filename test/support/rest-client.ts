import type { Hono } from 'hono';
import { createApp } from '../../src/http/app.ts';
import type { Runtime } from '../../src/runtime.ts';
import { type SetUp, setupRuntime } from './running-server.ts';

/** An answer with its body as JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a body as a client gets it: of any shape until it is looked at
  readonly body: any;
}

export interface RestClient {
  readonly app: Hono;
  readonly runtime: Runtime;
  readonly home: string;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>;
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>;
  readonly delete: (path: string) => Promise<Answer>;
}

/** The REST interface of a runtime of its own, asked without a network. */
export async function setupRest(setUp: SetUp = {}): Promise<RestClient> {
  const { runtime, home } = await setupRuntime(setUp);
  const app = createApp(runtime, {
    error: (details, message) => void setUp.logged?.push(`${message} ${JSON.stringify(details)}`),
  });
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await app.request(path, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    app,
    runtime,
    home,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, body, headers = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return ask(path, {
        method: 'POST',
        body: text,
        headers: { 'content-length': String(Buffer.byteLength(text)), ...headers },
      });
    },
    delete: (path) => ask(path, { method: 'DELETE' }),
  };
}
