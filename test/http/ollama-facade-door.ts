import { Ollama } from 'ollama';
import { createApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import type { Usage } from '../../src/machines/outcome.ts';
import type { TaskView } from '../../src/runtime/task-view.ts';
import type { Runtime } from '../../src/runtime.ts';
import { onDisposal } from '../support/disposal.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { type SetUp, setupRuntime } from '../support/running-server.ts';

/** A server that listens, with the official client of Ollama in front of it and a puppet behind it. */
export interface OllamaDoor {
  readonly url: string;
  readonly runtime: Runtime;
  readonly client: Ollama;
  readonly puppet: PuppetBackend;
  /** A client that sends these headers, too. */
  readonly clientWith: (headers: Record<string, string>) => Ollama;
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
  /** The only task, or the newest of several. */
  readonly task: () => Promise<TaskView>;
}

export async function setupOllama(setUp: SetUp = {}): Promise<OllamaDoor> {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend, ...setUp });
  return openOllama(runtime, puppet);
}

export async function openOllama(runtime: Runtime, puppet: PuppetBackend): Promise<OllamaDoor> {
  const listener = await listen(createApp(runtime, { error: () => undefined }), '127.0.0.1', 0);
  onDisposal(() => listener.close(0));
  const { url } = listener;
  return {
    url,
    runtime,
    client: new Ollama({ host: url }),
    puppet,
    clientWith: (headers) => new Ollama({ host: url, headers }),
    post: (path, body, headers = {}) =>
      fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headers }),
    task: async () => {
      const { tasks } = (await (await fetch(`${url}/tasks?limit=1`)).json()) as { tasks: TaskView[] };
      const [newest] = tasks;
      if (newest === undefined) throw new Error('there is no task');
      return runtime.task(newest.task_id as TaskId);
    },
  };
}

/** What a backend of Ollama counts. */
export const usage: Usage = {
  model: 'tiny:latest',
  promptTokens: 7,
  outputTokens: 3,
  loadMs: 1,
  promptMs: 1.5,
  generateMs: 2.5,
  totalMs: 5,
  doneReason: 'stop',
};

export async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}
