import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from './actors/clock.ts';
import { linkSocketOf } from './actors/join-socket.ts';
import { clearScratch } from './actors/program-run.ts';
import type { Config } from './config/settings.ts';
import { homePaths, takeHome } from './db/home.ts';
import { type FactLogs, logFacts } from './fact-log.ts';
import { gateOf } from './http/access-gate.ts';
import { createApp } from './http/app.ts';
import { createDashboardApp, type DoorPorts } from './http/dashboard-app.ts';
import type { AppLog } from './http/door-app.ts';
import { openGraphqlListener } from './http/graphql/graphql-listener.ts';
import { type Listener, listen } from './http/listen.ts';
import { createLogApp } from './http/logs/log-app.ts';
import { clientDoor, toolPath } from './http/websocket/client-door.ts';
import { openWebsocketListener, type UpgradeDoor } from './http/websocket-listener.ts';
import { workerDoor } from './http/worker-door.ts';
import type { Reach } from './runtime/backends.ts';
import type { RuntimeLog } from './runtime/pool-ports.ts';
import { type Runtime, startRuntime } from './runtime.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly log: FactLogs & { readonly server: RuntimeLog & AppLog };
  readonly pid: number;
  /** Told when nothing works any more: the process should end, and start anew from the rows. */
  readonly onFatal?: (error: unknown) => void;
  /**
   * Reads the configuration anew, for a reload; or for a trial, with this text for `workers.yaml`.
   *
   * @throws KoubouError `config.invalid`
   */
  readonly reread?: (workersText?: string) => Config;
  /** How each worker is reached; by default what its configuration says. */
  readonly endpointOf?: Reach;
}

export interface KoubouServer {
  readonly urls: {
    readonly rest: string;
    readonly websocket: string;
    readonly graphql: string;
    readonly logs: string;
    readonly dashboard: string;
  };
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
  const listeners: Listener[] = [];
  const onFault = (error: unknown) => log.server.error({ err: error }, 'a listener failed; it goes on');
  let runtime: Runtime | undefined;
  try {
    // A kill leaves the working folders of programs behind, with prompts in them.
    await clearScratch(join(paths.run, 'programs'));
    runtime = await startRuntime({ ...options, log: log.server, hear: logFacts(log) });
    const rest = await listen(createApp(runtime, log.server), config.host, config.ports.rest, { onFault });
    listeners.push(rest);
    const clients = clientDoor({ runtime, clock: systemClock, log: log.server });
    const websocket = await openWebsocketListener({
      host: config.host,
      port: config.ports.websocket,
      onFault,
      doors: {
        '/': clients,
        [toolPath]: clients,
        '/worker': doorOfWorkers(runtime, log.server),
      },
    });
    listeners.push(websocket);
    const graphql = await openGraphqlListener(runtime, log.server);
    listeners.push(graphql);
    const logs = await listen(createLogApp(runtime, log.server), config.host, config.ports.logs, {
      variable: 'KOUBOU_LOGS_PORT',
      onFault,
    });
    listeners.push(logs);
    const doors = { rest, websocket, graphql, logs };
    const ports = portsOf(doors);
    const dashboard = await listen(
      createDashboardApp({ runtime, log: log.server, ports }),
      config.host,
      config.ports.dashboard,
      { variable: 'KOUBOU_DASHBOARD_PORT', onFault },
    );
    listeners.push(dashboard);
    const urls = {
      rest: rest.url,
      websocket: websocket.url,
      graphql: graphql.url,
      logs: logs.url,
      dashboard: dashboard.url,
    };
    writeFileSync(addressFile, `${JSON.stringify({ pid, urls, startedAt: new Date().toISOString() })}\n`);
    return serverOf(runtime, listeners, urls, release);
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close(0)));
    await runtime?.close();
    release();
    throw error;
  }
}

function portsOf(doors: Readonly<Record<keyof DoorPorts, Listener>>): DoorPorts {
  const port = (door: keyof DoorPorts) => Number(new URL(doors[door].url).port);
  return { rest: port('rest'), websocket: port('websocket'), graphql: port('graphql'), logs: port('logs') };
}

/** Where workers on other machines come in. */
function doorOfWorkers(runtime: Runtime, log: RuntimeLog): UpgradeDoor {
  const { config, links } = runtime;
  const heartbeatMs = config.healthCheck.intervalMs;
  return workerDoor({
    gate: gateOf(runtime),
    log,
    accept: (ws, request) =>
      links.accept(linkSocketOf(ws, () => request.socket, { clock: systemClock, heartbeatMs })),
  });
}

function serverOf(
  runtime: Runtime,
  listeners: readonly Listener[],
  urls: KoubouServer['urls'],
  release: () => void,
): KoubouServer {
  const stop = async () => {
    // The doors stay open while it drains: who waits gets an answer, who comes is told to come back.
    await runtime.drain();
    runtime.links.close();
    await Promise.all(listeners.map((listener) => listener.close(closeGraceMs)));
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
