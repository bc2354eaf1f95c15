import type { Clock } from '../actors/clock.ts';
import type { PoolHostPorts } from '../actors/pool-host.ts';
import type { Random } from '../actors/random.ts';
import type { TextRelay } from '../actors/text-relay.ts';
import type { Journal } from '../db/journal.ts';
import type { Store } from '../db/store.ts';
import type { CurrentConfig } from './current-config.ts';
import { ticketOfRow } from './delegation.ts';
import type { Endpoints } from './endpoints.ts';
import { jobOf } from './job.ts';
import type { OutputFiles } from './output-files.ts';

/** Where the runtime says what went wrong. What happened is told by the stream. */
export interface RuntimeLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface PoolWiring {
  readonly config: CurrentConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: RuntimeLog;
  readonly store: Store;
  readonly journal: Journal;
  readonly texts: TextRelay;
  readonly outputs: OutputFiles;
  readonly endpoints: Endpoints;
  readonly wantTurn: () => void;
  /** The pool is gone, and nothing works without it: the process should end, and start anew from the rows. */
  readonly onFatal: (error: unknown) => void;
}

/** Connects the actors with the store, the journal and the endpoints of the workers. */
export function poolPorts(wiring: PoolWiring): PoolHostPorts {
  const { config, clock, random, log, store, journal, texts, outputs, endpoints, wantTurn, onFatal } = wiring;
  return {
    clock,
    executions: {
      clock,
      random,
      backendOf: (workerId) => endpoints.of(workerId).backend,
      jobOf: (workerId, { taskId, assignmentId, model }) => {
        const row = store.held(taskId, assignmentId);
        if (row === undefined) return undefined;
        const job = jobOf({ ...row, taskId, assignmentId }, endpoints.of(workerId).worker, model, config.now);
        if (job.outputFile !== null) outputs.expect(taskId, job.outputFile);
        return job;
      },
      onText: (taskId, assignmentId, text) => texts.append(taskId, assignmentId, text),
      onFault: (error, taskId) => log.error({ err: error, task_id: taskId }, 'a backend crashed'),
    },
    heartbeats: {
      clock,
      intervalMs: () => config.now.healthCheck.intervalMs,
      probeOf: (workerId) => endpoints.of(workerId).probe,
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
      if (journal.isStalled) return undefined;
      const rows = store.readyRows(from, limit);
      const tickets = rows.map((row) => ticketOfRow(row, config, clock.now()));
      return { tickets, exhausted: rows.length < limit && !journal.hasAccepts };
    },
    onFault: (error) => {
      log.error({ err: error }, 'the pool crashed');
      onFatal(error);
    },
  };
}
