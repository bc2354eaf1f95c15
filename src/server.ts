import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config/settings.ts';
import { homePaths, takeHome } from './db/home.ts';
import { type FactLogs, logFacts } from './fact-log.ts';
import { type AppLog, createApp } from './http/app.ts';
import { type Listener, listen } from './http/listen.ts';
import type { WorkerConfig } from './machines/routing-policy.ts';
import type { WorkerEndpoint } from './runtime/backends.ts';
import type { RuntimeLog } from './runtime/pool-ports.ts';
import { type Runtime, startRuntime } from './runtime.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly log: FactLogs & { readonly server: RuntimeLog & AppLog };
  readonly pid: number;
  /** Told when nothing works any more: the process should end, and start anew from the rows. */
  readonly onFatal?: (error: unknown) => void;
  /** How each worker is reached; by default what its configuration says. */
  readonly endpointOf?: (worker: WorkerConfig) => WorkerEndpoint;
}

export interface KoubouServer {
  readonly urls: { readonly rest: string };
  readonly runtime: Runtime;
  /** Drains, for `drain_grace_seconds` at most, and ends. A second call returns the same promise. */
  stop(): Promise<void>;
}

/** Requests that still wait when the pool has stopped get this long to receive their answers, in ms. */
const closeGraceMs = 2_000;

/**
 * Starts a whole server on its home: takes the home, recovers, listens.
 *
 * @throws KoubouError `home.locked`, `home.unusable`, `storage.unavailable`, `storage.corrupt`, `port.taken`
 */
export async function startServer(options: ServerOptions): Promise<KoubouServer> {
  const { config, log, pid } = options;
  const paths = homePaths(config.home);
  const lock = takeHome(paths, pid);
  const addressFile = join(paths.run, 'koubou.json');
  const release = () => {
    rmSync(addressFile, { force: true });
    lock.release();
  };
  let runtime: Runtime | undefined;
  try {
    runtime = await startRuntime({ ...options, log: log.server, hear: logFacts(log) });
    const listener = await listen(createApp(runtime, log.server), config.host, config.ports.rest);
    const urls = { rest: listener.url };
    writeFileSync(addressFile, `${JSON.stringify({ pid, urls, startedAt: new Date().toISOString() })}\n`);
    return serverOf(runtime, listener, urls, release);
  } catch (error) {
    await runtime?.close();
    release();
    throw error;
  }
}

function serverOf(
  runtime: Runtime,
  listener: Listener,
  urls: { rest: string },
  release: () => void,
): KoubouServer {
  const stop = async () => {
    // The doors stay open while it drains: who waits gets an answer, who comes is told to come back.
    await runtime.drain();
    await listener.close(closeGraceMs);
    await runtime.close();
    release();
  };
  let stopping: Promise<void> | undefined;
  return {
    urls,
    runtime,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
