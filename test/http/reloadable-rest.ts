import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hono } from 'hono';
import type { Backend } from '../../src/actors/execution.ts';
import { loadConfig } from '../../src/config.ts';
import { homePaths, takeHome } from '../../src/db/home.ts';
import { createApp } from '../../src/http/app.ts';
import { unseen } from '../../src/machines/sighting.ts';
import { startRuntime } from '../../src/runtime.ts';
import { onDisposal } from '../support/disposal.ts';
import { succeeded, temporaryFolder } from '../support/running-server.ts';

/** Texts of configuration files; what is left out stays as it is. */
export interface ConfigTexts {
  readonly koubou?: string;
  readonly workers?: string;
}

/** The REST interface of a runtime whose configuration files a test can rewrite. */
export interface ReloadableRest {
  readonly app: Hono;
  readonly home: string;
  /** What the environment holds; read anew at a reload, too. */
  readonly env: Record<string, string>;
  readonly write: (texts: ConfigTexts) => void;
  readonly delegate: (type: string) => Promise<Response>;
  readonly post: (path: string, headers?: Record<string, string>) => Promise<Response>;
}

/** Workers of these names, at one server. */
export function workersNamed(...names: readonly string[]): string {
  return `workers:\n  local_workers:\n${names.map((name) => `    - worker_id: ${name}\n      model: any:1b\n`).join('')}`;
}

export async function setupReloadable(
  texts: ConfigTexts,
  backend: Backend = async () => succeeded('done'),
): Promise<ReloadableRest> {
  const home = temporaryFolder();
  const folder = join(home, 'config');
  mkdirSync(folder);
  const write = ({ koubou, workers }: ConfigTexts): void => {
    if (koubou !== undefined) writeFileSync(join(folder, 'koubou.yaml'), koubou);
    if (workers !== undefined) writeFileSync(join(folder, 'workers.yaml'), workers);
  };
  write({ workers: workersNamed('anna'), ...texts });
  writeFileSync(
    join(folder, 'ollama_models.yaml'),
    'default_model: any\nmodels:\n  any:\n    name: any:1b\n',
  );
  const env: Record<string, string> = { KOUBOU_HOME: home };
  const read = () => loadConfig({ configDir: folder, cwd: home, env });
  const lock = takeHome(homePaths(home), process.pid);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const runtime = await startRuntime({
    config: read(),
    reread: read,
    log,
    endpointOf: () => ({ backend, probe: () => Promise.resolve(unseen), takesPlainPrompts: true }),
  });
  onDisposal(async () => {
    await runtime.close();
    lock.release();
  });
  const app = createApp(runtime, log);
  const post = async (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { method: 'POST', headers });
  const delegate = async (type: string) =>
    app.request('/task/delegate', { method: 'POST', body: JSON.stringify({ prompt: 'p', type }) });
  return { app, home, env, write, delegate, post };
}
