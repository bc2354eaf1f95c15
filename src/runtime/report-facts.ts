import { statSync } from 'node:fs';
import type { Config } from '../config/settings.ts';
import type { TaskCounts } from '../db/count-queries.ts';
import { homePaths } from '../db/home.ts';
import type { MetricsSummary } from '../db/metrics-queries.ts';
import type { ReportRows } from '../db/report-queries.ts';
import type { Runtime } from '../runtime.ts';
import { version } from '../version.ts';
import type { PoolView } from './operation.ts';
import type { Readiness } from './readiness.ts';
import { type ServerFacts, serverFacts } from './report-services.ts';
import { type ShownSetting, shownSettings } from './shown-config.ts';
import type { WorkerView } from './worker-view.ts';

/** All that a report is written from: read from the running system at one moment. */
export interface ReportFacts {
  readonly version: string;
  readonly nowMs: number;
  readonly hours: number;
  readonly server: ServerFacts;
  readonly readiness: Readiness;
  readonly pool: PoolView;
  readonly workers: readonly WorkerView[];
  readonly counts: TaskCounts;
  readonly metrics: MetricsSummary;
  readonly rows: ReportRows;
  readonly files: { readonly databaseBytes: number; readonly walBytes: number };
  readonly settings: readonly ShownSetting[];
  readonly security: SecurityFacts;
}

export interface SecurityFacts {
  readonly host: string;
  readonly isLoopback: boolean;
  readonly hasMasterToken: boolean;
  readonly hasWorkerToken: boolean;
  /** Tokens that work now, by scope; one with several counts in each. */
  readonly tokens: {
    readonly all: number;
    readonly submit: number;
    readonly read: number;
    readonly admin: number;
  };
  readonly origins: number;
  readonly fileRoots: number;
  readonly rateLimit: Config['server']['rateLimit'];
}

const hourMs = 3_600_000;

export async function reportFacts(runtime: Runtime, hours: number): Promise<ReportFacts> {
  const { config, clock, list } = runtime;
  const nowMs = clock.now();
  const window = { nowMs, windowMs: hours * hourMs };
  const [server, counts, metrics, rows] = await Promise.all([
    serverFacts(config),
    list({ kind: 'counts' }),
    list({ kind: 'metrics', ...window }),
    list({ kind: 'report', ...window }),
  ]);
  const { database } = homePaths(config.home);
  return {
    version,
    nowMs,
    hours,
    server,
    readiness: runtime.readiness(),
    pool: runtime.poolView(),
    workers: runtime.workers(),
    counts,
    metrics,
    rows,
    files: { databaseBytes: sizeOf(database), walBytes: sizeOf(`${database}-wal`) },
    settings: shownSettings(config),
    security: securityFacts(runtime),
  };
}

function securityFacts({ config, tokens, clock }: Runtime): SecurityFacts {
  const nowMs = clock.now();
  const valid = tokens
    .list()
    .filter(
      ({ revoked_at, expires_at }) =>
        revoked_at === null && (expires_at === null || Date.parse(expires_at) > nowMs),
    );
  const having = (scope: string) =>
    valid.filter(({ scopes }) => (scopes as readonly string[]).includes(scope)).length;
  return {
    host: config.host,
    isLoopback: /^(?:localhost|127\.|::1$)/.test(config.host),
    hasMasterToken: config.apiToken !== null,
    hasWorkerToken: config.workerAuthToken !== null,
    tokens: { all: valid.length, submit: having('submit'), read: having('read'), admin: having('admin') },
    origins: config.server.allowedOrigins.length,
    fileRoots: config.files.roots.length,
    rateLimit: config.server.rateLimit,
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
