import OpenAI from 'openai';
import { createApp } from '../../src/http/app.ts';
import { type Listener, listen } from '../../src/http/listen.ts';
import type { ModelReply } from '../../src/machines/model-request.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import type { Runtime } from '../../src/runtime.ts';
import { onDisposal } from '../support/disposal.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { type SetUp, setupRuntime } from '../support/running-server.ts';

export interface OpenAiWorld {
  readonly runtime: Runtime;
  readonly client: OpenAI;
  readonly listener: Listener;
  /** What is asked of the workers; a test with a backend of its own has none here. */
  readonly puppet: PuppetBackend;
  /** Without the client, to see the answer as it is. */
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
}

/** OpenAI's own client against a server that listens. It tries nothing again, so that a test sees each refusal. */
export async function setupOpenAi(setUp: SetUp = {}, apiKey = 'none'): Promise<OpenAiWorld> {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend, ...setUp });
  const app = createApp(runtime, {
    error: (details, message) => void setUp.logged?.push(`${message} ${JSON.stringify(details)}`),
  });
  const listener = await listen(app, '127.0.0.1', 0);
  onDisposal(() => listener.close(0));
  const client = new OpenAI({ baseURL: `${listener.url}/v1`, apiKey, maxRetries: 0 });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${listener.url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${apiKey}`, ...headers },
    });
  return { runtime, client, listener, puppet, post };
}

/** An answer that its backend counted: 7 tokens read, 3 written. */
export function answered(output: string, reply?: ModelReply, doneReason = 'stop'): Outcome {
  const usage = { ...noUsage, model: 'qwen3:8b', promptTokens: 7, outputTokens: 3, doneReason };
  return { kind: 'succeeded', output, usage, ...(reply === undefined ? {} : { reply }) };
}
