import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CuttableProxy, freePort } from './cuttable-proxy.ts';
import { Victim } from './victim.ts';

const workerToken = 'torture-worker-0123456789';
export const joinedWorkers = ['gpu1', 'gpu2'] as const;
export type JoinedWorker = (typeof joinedWorkers)[number];

/** A start that takes longer has failed; one of a busy machine takes seconds. */
const startMsMax = 60_000;

export interface SiteOptions {
  /** The package: its built command is what is tortured. */
  readonly root: string;
  /** For everything that the run leaves behind. */
  readonly folder: string;
  readonly home: string;
}

export interface Urls {
  readonly rest: string;
  readonly websocket: string;
  readonly graphql: string;
}

/** A server, two joined workers, the models' server, and the network between them, each a process of its own. */
export class Site {
  readonly home: string;
  readonly folder: string;
  readonly server: Victim;
  readonly models: Victim;
  readonly workers: Readonly<Record<JoinedWorker, Victim>>;
  readonly proxies: {
    readonly rest: CuttableProxy;
    readonly graphql: CuttableProxy;
    readonly watch: CuttableProxy;
  };
  readonly workerLink: CuttableProxy;
  /** Another start on the same home, which must be refused. */
  readonly second: Victim;

  static async build(options: SiteOptions): Promise<Site> {
    const proxies = {
      rest: await CuttableProxy.listen(),
      graphql: await CuttableProxy.listen(),
      watch: await CuttableProxy.listen(),
    };
    const ports: Record<string, number> = {};
    for (const name of ['local_001', ...joinedWorkers]) ports[name] = await freePort();
    return new Site(options, proxies, await CuttableProxy.listen(), ports);
  }

  private constructor(
    { root, folder, home }: SiteOptions,
    proxies: Site['proxies'],
    workerLink: CuttableProxy,
    ports: Readonly<Record<string, number>>,
  ) {
    this.home = home;
    this.folder = folder;
    this.proxies = proxies;
    this.workerLink = workerLink;
    writeConfig(home, `http://127.0.0.1:${ports['local_001']}`);
    const koubou = join(root, 'bin', 'koubou.js');
    const modelServer = join(dirname(fileURLToPath(import.meta.url)), 'model-server.js');
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, LANG: 'C.UTF-8', WORKER_AUTH_TOKEN: workerToken };
    const anyPort = ['MCP', 'LOGS', 'WEBSOCKET', 'GRAPHQL', 'DASHBOARD'].map((name) => [
      `KOUBOU_${name}_PORT`,
      '0',
    ]);
    const serverEnv = { ...env, KOUBOU_HOME: home, ...Object.fromEntries(anyPort) };
    const victim = (name: string, argv: readonly string[], its: NodeJS.ProcessEnv = env) =>
      new Victim({
        argv: [process.execPath, ...argv],
        env: its,
        cwd: folder,
        logFile: join(folder, `${name}.out`),
      });
    this.server = victim('server', [koubou, 'start'], serverEnv);
    this.second = victim('second', [koubou, 'start'], serverEnv);
    const addresses = Object.entries(ports).map(([name, port]) => `${name}=${port}`);
    this.models = victim('models', [modelServer, this.generationLog, ...addresses]);
    const worker = (name: JoinedWorker, backend: readonly string[]) =>
      victim(name, [
        koubou,
        'worker',
        ...[
          '--join',
          `ws://127.0.0.1:${workerLink.port}`,
          '--name',
          name,
          '--slots',
          '2',
          '--drain-grace',
          '2',
        ],
        ...backend,
      ]);
    this.workers = {
      gpu1: worker('gpu1', ['--ollama', `http://127.0.0.1:${ports['gpu1']}`]),
      gpu2: worker('gpu2', ['--openai', `http://127.0.0.1:${ports['gpu2']}/v1`]),
    };
  }

  get generationLog(): string {
    return join(this.folder, 'generations.jsonl');
  }

  get urls(): Urls {
    const { rest, graphql, watch } = this.proxies;
    return {
      rest: `http://127.0.0.1:${rest.port}`,
      graphql: `http://127.0.0.1:${graphql.port}/graphql`,
      websocket: `ws://127.0.0.1:${watch.port}/`,
    };
  }

  /** All connections of clients. @returns how many were ended */
  cutClients(): number {
    return Object.values(this.proxies).reduce((sum, proxy) => sum + proxy.cut(), 0);
  }

  /** Begins a start, and returns at once. */
  spawnServer(): void {
    forgetNote(this.home);
    this.server.spawn();
  }

  /** Starts it, and comes back when clients are answered. @throws Error when it ends or takes too long */
  async startServer(): Promise<void> {
    this.spawnServer();
    const begunMs = Date.now();
    for (; ; await pause(20)) {
      if (!this.server.isAlive) throw new Error('the server ended before it was ready: see server.out');
      if (Date.now() - begunMs > startMsMax)
        throw new Error('the server was not ready in time: see server.out');
      const urls = notedIn(this.home)?.urls;
      if (urls === undefined) continue;
      this.proxies.rest.upstream = portOf(urls.rest);
      this.proxies.graphql.upstream = portOf(urls.graphql);
      this.proxies.watch.upstream = portOf(urls.websocket);
      this.workerLink.upstream = portOf(urls.websocket);
      const response = await fetch(`${urls.rest}/healthz`).catch(() => undefined);
      await response?.body?.cancel();
      if (response?.ok) return;
    }
  }

  /** Ends every process that this site has started. */
  async destroy(): Promise<void> {
    const all = [this.server, this.second, this.models, ...Object.values(this.workers)];
    for (const one of all) await one.kill();
    for (const proxy of [...Object.values(this.proxies), this.workerLink]) proxy.close();
  }
}

function noteOf(home: string): string {
  return join(home, 'run', 'koubou.json');
}

/** Where a server has written that it listens. */
export function notedIn(home: string): { readonly pid: number; readonly urls: Urls } | undefined {
  const file = noteOf(home);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  return text.endsWith('\n') ? (JSON.parse(text) as { pid: number; urls: Urls }) : undefined;
}

/** A note that a killed server has left. */
export function forgetNote(home: string): void {
  rmSync(noteOf(home), { force: true });
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Everybody takes everything, in strict order, and is quick to fail and to try again. */
export function writeConfig(home: string, modelsUrl: string): void {
  const config = join(home, 'config');
  mkdirSync(config, { recursive: true });
  writeFileSync(
    join(config, 'workers.yaml'),
    `workers:
  local_workers:
    - worker_id: local_001
      worker_type: local
      model: "tiny:latest"
      server_host: "${modelsUrl}"
      performance_factor: 1.0
      max_concurrent_tasks: 2
      max_tokens: 65536
  remote_workers: []
routing_policy:
  strategy: priority_based
  warm_bypasses: 0
  rules:
    - priority_range: [1, 10]
      preferred_workers: [local, remote]
      reason: whoever is free
health_check: { interval: 1, timeout: 8, max_failures: 3 }
circuit_breaker: { failures: 5, open: 2, open_max: 5 }
pool: { min_workers: 1, max_workers: 5, max_active_tasks: 6 }
`,
  );
  writeFileSync(
    join(config, 'ollama_models.yaml'),
    `default_model: tiny
server: { host: "${modelsUrl}", timeout: 60, retry_count: 20, retry_delay: 0.1 }
models:
  tiny:
    name: "tiny:latest"
    description: for torture
    options: { num_ctx: 8192 }
`,
  );
  writeFileSync(join(config, 'koubou.yaml'), 'server: { drain_grace_seconds: 2, sync_wait_seconds: 60 }\n');
}
