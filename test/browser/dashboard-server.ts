import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Installation, KoubouProcess, setupInstallation } from '../e2e/koubou-process.ts';
import { onDisposal } from '../support/disposal.ts';
import { type FakeOllama, type FakeOllamaOptions, startFakeOllama } from '../support/fake-ollama.ts';

export interface Dashboard {
  /** Of the page. */
  readonly url: string;
  /** Of the REST interface. */
  readonly rest: string;
  /** Of all doors. */
  readonly urls: Readonly<Record<string, string>>;
  readonly ollama: FakeOllama;
  readonly installation: Installation;
  readonly server: KoubouProcess;
}

export interface Configured {
  /** Of its one worker. */
  readonly model?: string;
  /** The text of `koubou.yaml`. */
  readonly settings?: string;
}

/** A server as an operator starts it, with the page as it was built, before a fake Ollama. It ends with the test. */
export async function startDashboard(
  options: FakeOllamaOptions = {},
  variables: Readonly<Record<string, string>> = {},
  { settings, ...configured }: Configured = {},
): Promise<Dashboard> {
  const ollama = await startFakeOllama(options);
  onDisposal(() => ollama.close());
  const { home, env } = setupInstallation({ ollamaUrl: ollama.url, ...configured });
  if (settings !== undefined) writeFileSync(join(home, 'config', 'koubou.yaml'), settings);
  const installation = { home, env: { ...env, ...variables } };
  const server = await KoubouProcess.start(installation);
  const { urls } = JSON.parse(readFileSync(join(home, 'run', 'koubou.json'), 'utf8'));
  return { url: urls.dashboard, rest: urls.rest, urls, ollama, installation, server };
}

/** Hands in a task over the REST interface. @returns its id */
export async function handIn(rest: string, body: object): Promise<string> {
  const response = await fetch(`${rest}/task/delegate`, { method: 'POST', body: JSON.stringify(body) });
  const { task_id } = (await response.json()) as { task_id: string };
  return task_id;
}
