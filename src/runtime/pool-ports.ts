import { dirname } from 'node:path';
import { withFiles } from '../actors/attached-files.ts';
import type { Clock } from '../actors/clock.ts';
import type { PoolHostPorts } from '../actors/pool-host.ts';
import type { Random } from '../actors/random.ts';
import type { TextRelay } from '../actors/text-relay.ts';
import type { Config } from '../config/settings.ts';
import type { Journal } from '../db/journal.ts';
import type { Store } from '../db/store.ts';
import type { WorkerId } from '../machines/identifiers.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { WorkerEndpoint } from './backends.ts';
import { ticketOfRow } from './delegation.ts';
import { jobOf } from './job.ts';
import type { OutputFiles } from './output-files.ts';
import { jobSettingsOf } from './pool-input.ts';

/** Where the runtime says what went wrong. What happened is told by the stream. */
export interface RuntimeLog {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface PoolWiring {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: RuntimeLog;
  readonly store: Store;
  readonly journal: Journal;
  readonly texts: TextRelay;
  readonly outputs: OutputFiles;
  readonly reach: (worker: WorkerConfig) => WorkerEndpoint;
  readonly wantTurn: () => void;
  /** The pool is gone, and nothing works without it: the process should end, and start anew from the rows. */
  readonly onFatal: (error: unknown) => void;
}

/** Connects the actors with the store, the journal and the endpoints of the workers. */
export function poolPorts({
  config,
  clock,
  random,
  log,
  store,
  journal,
  texts,
  outputs,
  reach,
  wantTurn,
  onFatal,
}: PoolWiring): PoolHostPorts {
  const folder = { root: dirname(config.home), except: config.home };
  const workers = new Map(
    config.workers.map((worker) => {
      const { backend, probe } = reach(worker);
      return [worker.workerId, { worker, probe, backend: withFiles(backend, folder) }];
    }),
  );
  const known = (workerId: WorkerId) => {
    const found = workers.get(workerId);
    if (found === undefined) throw new TypeError(`no worker is called ${workerId}`);
    return found;
  };
  const settings = jobSettingsOf(config);
  return {
    clock,
    executions: {
      clock,
      random,
      backendOf: (workerId) => known(workerId).backend,
      jobOf: (workerId, taskId, assignmentId) => {
        const row = store.task(taskId);
        if (row?.status !== 'in_progress' || row.assignmentId !== assignmentId) return undefined;
        const job = jobOf(row, known(workerId).worker, settings);
        if (job.outputFile !== null) outputs.expect(taskId, job.outputFile);
        return job;
      },
      onText: (taskId, assignmentId, text) => texts.append(taskId, assignmentId, text),
      onFault: (error, taskId) => log.error({ err: error, task_id: taskId }, 'a backend crashed'),
    },
    heartbeats: {
      clock,
      intervalMs: config.healthCheck.intervalMs,
      probeOf: (workerId) => known(workerId).probe,
      onBeat: (workerId) => {
        journal.beat(workerId);
        wantTurn();
      },
    },
    record: (fact) => {
      journal.record(fact);
      wantTurn();
    },
    flush: () => journal.flush(),
    readRows: ({ limit, ...from }) => {
      const rows = store.readyRows(from, limit);
      const tickets = rows.map((row) => ticketOfRow(row, config.models.server.retryCount, clock.now()));
      return { tickets, exhausted: rows.length < limit && !journal.hasAccepts };
    },
    onFault: (error) => {
      log.error({ err: error }, 'the pool crashed');
      onFatal(error);
    },
  };
}
