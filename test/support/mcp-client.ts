import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';
import type { Runtime } from '../../src/runtime.ts';
import { onDisposal } from './disposal.ts';
import { type SetUp, setupRuntime } from './running-server.ts';

/** The two eras of the protocol: with `initialize`, and stateless. */
export const eras = ['2025-11-25', '2026-07-28'] as const;
export type Era = (typeof eras)[number];

export interface McpWorld {
  readonly runtime: Runtime;
  readonly home: string;
  /** Of the listening server, without a path. */
  readonly url: string;
  readonly logged: string[];
  readonly connect: (era: Era, headers?: Record<string, string>) => Promise<Client>;
  /** Sends a body as it is, and reads the answer as text. */
  readonly send: (
    body: string | Uint8Array,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; headers: Headers; text: string }>;
}

/** A server of its own that really listens, for the official client. */
export async function setupMcp(setUp: SetUp = {}): Promise<McpWorld> {
  const { runtime, home } = await setupRuntime(setUp);
  const logged: string[] = [];
  const app = createApp(runtime, {
    error: (details, message) => void logged.push(`${message} ${String(Object.values(details)[0])}`),
  });
  const listener = await listen(app, '127.0.0.1', 0);
  onDisposal(() => listener.close(0));
  const endpoint = new URL(`${listener.url}/mcp`);
  const connect: McpWorld['connect'] = async (era, headers = {}) => {
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } } },
    );
    await client.connect(new StreamableHTTPClientTransport(endpoint, { requestInit: { headers } }));
    onDisposal(() => client.close());
    return client;
  };
  const send: McpWorld['send'] = async (body, headers = {}) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { runtime, home, url: listener.url, logged, connect, send };
}

/** What a tool has told a model. */
export function textOf(result: { readonly content: readonly unknown[] }): string {
  return result.content.map((block) => (block as { text?: string }).text ?? '').join('\n');
}
