import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onDisposal } from '../support/disposal.ts';
import { temporaryFolder } from '../support/running-server.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const program = join(project, 'bin', 'koubou.js');

export interface Installation {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface InstallationOptions {
  /** Where the one worker generates. */
  readonly ollamaUrl: string;
  readonly model?: string;
  readonly slots?: number;
}

/** A home with a configuration of its own: one worker, quick retries, any free port. */
export function setupInstallation({
  ollamaUrl,
  model = 'tiny:latest',
  slots = 4,
}: InstallationOptions): Installation {
  const home = temporaryFolder();
  const config = join(home, 'config');
  mkdirSync(config);
  writeFileSync(
    join(config, 'workers.yaml'),
    `workers:
  local_workers:
    - worker_id: local_001
      worker_type: local
      model: "${model}"
      server_host: "${ollamaUrl}"
      performance_factor: 1.0
      max_concurrent_tasks: ${slots}
      max_tokens: 4096
  remote_workers: []
routing_policy:
  strategy: priority_based
  rules:
    - priority_range: [1, 10]
      preferred_workers: [local]
      reason: there is one worker
health_check: { interval: 0.25, timeout: 5, max_failures: 3 }
pool: { min_workers: 1, max_workers: 1, max_active_tasks: ${slots} }
`,
  );
  writeFileSync(
    join(config, 'ollama_models.yaml'),
    `default_model: tiny
server: { host: "${ollamaUrl}", timeout: 60, retry_count: 5, retry_delay: 0.05 }
models:
  tiny:
    name: "${model}"
    description: for tests
    options: { num_ctx: 512, num_predict: 24 }
`,
  );
  const { PATH, HOME } = process.env;
  const env = {
    PATH,
    HOME,
    KOUBOU_HOME: home,
    KOUBOU_MCP_PORT: '0',
    KOUBOU_LOGS_PORT: '0',
    KOUBOU_WEBSOCKET_PORT: '0',
    KOUBOU_GRAPHQL_PORT: '0',
    KOUBOU_DASHBOARD_PORT: '0',
    LANG: 'C.UTF-8',
  };
  return { home, env };
}

/** A server in a process of its own, as an operator starts it. */
export class KoubouProcess {
  readonly #child: ChildProcess;
  readonly #home: string;
  /** What it has said so far, on both streams. */
  output = '';
  url = '';

  private constructor(child: ChildProcess, home: string) {
    this.#child = child;
    this.#home = home;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += String(chunk);
      });
    }
  }

  /** Starts it and waits until it is ready. `shell` runs before it, in the same process. */
  static async start({ home, env }: Installation, shell?: string): Promise<KoubouProcess> {
    rmSync(join(home, 'run', 'koubou.json'), { force: true });
    const command = [process.execPath, program, 'start'];
    const argv = shell === undefined ? command : ['/bin/sh', '-c', `${shell}; exec "$@"`, 'sh', ...command];
    const child = spawn(argv[0] as string, argv.slice(1), {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: home,
    });
    const koubou = new KoubouProcess(child, home);
    onDisposal(() => koubou.kill());
    await koubou.#untilReady();
    return koubou;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** As the power goes. */
  async kill(): Promise<void> {
    if (this.hasEnded) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  /** @returns the exit code */
  async terminate(): Promise<number | null> {
    if (!this.hasEnded) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    return this.#child.exitCode;
  }

  async #untilReady(): Promise<void> {
    const address = join(this.#home, 'run', 'koubou.json');
    for (;;) {
      if (this.hasEnded) throw new Error(`the server ended before it was ready:\n${this.output}`);
      this.url = addressIn(address);
      if (this.url !== '' && (await isReady(this.url))) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function addressIn(file: string): string {
  if (!existsSync(file)) return '';
  const text = readFileSync(file, 'utf8');
  return text.endsWith('\n') ? JSON.parse(text).urls.rest : '';
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}
