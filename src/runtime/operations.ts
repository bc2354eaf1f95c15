import type { Clock } from '../actors/clock.ts';
import { configDifference, reloaded, summaryOf } from '../config/difference.ts';
import type { Config } from '../config/settings.ts';
import type { Readers } from '../db/readers.ts';
import type { Store } from '../db/store.ts';
import { metadataOf } from '../db/tasks-table.ts';
import { KoubouError } from '../machines/errors.ts';
import { type TaskId, workerId } from '../machines/identifiers.ts';
import type { RosterEntry } from '../machines/worker-roster.ts';
import type { AdmissionOrder } from '../machines/worker-state.ts';
import { ActorSignals, type SentSignal, type Signal } from './actor-signals.ts';
import type { CurrentConfig } from './current-config.ts';
import type { TaskSpec } from './delegation.ts';
import { type DryRun, dryRun } from './dry-run.ts';
import type { Endpoints } from './endpoints.ts';
import type { Engine } from './engine.ts';
import { unknownTask } from './following.ts';
import type { ReloadReport, RetryFilter, RetryReport } from './operation.ts';
import { policyOf, registrationOf, specsOf } from './pool-input.ts';

/** What operating needs of the runtime. */
export interface OperationPorts {
  readonly engine: Engine;
  readonly store: Store;
  readonly config: CurrentConfig;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly list: Readers['read'];
  readonly delegate: (specs: readonly TaskSpec[]) => Promise<readonly TaskId[]>;
  /** Reads the files anew, `workers.yaml` from a text where one is given. @throws KoubouError `config.invalid` */
  readonly reread: (workersText?: string) => Config;
}

type Order = Exclude<AdmissionOrder, 'activate'>;

/** So many of a dry run are shown. */
const sampleMax = 20;

/** What operators do with the pool. Each resolves when it is on disk. */
export class Operations {
  readonly #ports: OperationPorts;
  readonly #signals: ActorSignals;
  /** Two at once would try the same tasks again twice. */
  #retries: Promise<unknown> = Promise.resolve();

  constructor(ports: OperationPorts) {
    this.#ports = ports;
    this.#signals = new ActorSignals({ ...ports, operations: this });
  }

  /** Sends an event to an actor. See {@link ActorSignals.send}. */
  signal(signal: Signal): Promise<SentSignal> {
    return this.#signals.send(signal);
  }

  /** Goes on accepting, and hands out nothing, also after a restart. */
  pause(): Promise<void> {
    return this.#switch('pool.pause');
  }

  resume(): Promise<void> {
    return this.#switch('pool.resume');
  }

  async #switch(type: 'pool.pause' | 'pool.resume'): Promise<void> {
    const { engine } = this.#ports;
    const { pool } = engine.readiness();
    if (pool !== 'running' && pool !== 'paused') {
      throw new KoubouError('pool.draining', `the pool is ${pool}; this has no effect any more`);
    }
    engine.command({ type });
    await engine.journal.settled();
  }

  /** @throws KoubouError `worker.unknown`, `worker.conflict` for one that only `resume` can bring back */
  async order(id: string, order: Order, by: string): Promise<void> {
    const { engine } = this.#ports;
    const entry = this.orderable(id, order);
    engine.command({ type: 'pool.order', workerId: entry.workerId, order, detail: `asked for by ${by}` });
    await engine.journal.settled();
  }

  /** The worker, if this can be asked of it now. @throws KoubouError like {@link order} */
  orderable(id: string, order: Order): RosterEntry {
    const entry = this.#ports.engine.pool.roster.get(workerId(id));
    if (entry === undefined) throw unknownWorker(id);
    if (entry.admission === 'quarantined' && order !== 'resume') {
      throw new KoubouError('worker.conflict', `worker ${id} is quarantined; resume it first`);
    }
    if (entry.isLeaving) {
      throw new KoubouError('worker.conflict', `worker ${id} has left the configuration and ends its work`);
    }
    return entry;
  }

  /** Calls the endpoint of a worker again, whatever its circuit breaker says. @throws KoubouError `worker.unknown` */
  async closeBreaker(id: string): Promise<void> {
    const { engine } = this.#ports;
    const entry = engine.pool.roster.get(workerId(id));
    if (entry === undefined) throw unknownWorker(id);
    engine.command({ type: 'pool.reset', endpoint: entry.endpoint.name });
    await engine.journal.settled();
  }

  /**
   * Takes over what the files say now, as a whole or not at all.
   *
   * @throws KoubouError `reload.refused` when they are wrong: nothing has changed then
   */
  async reload(): Promise<ReloadReport> {
    const { engine, store, config, endpoints, clock, reread } = this.#ports;
    const before = config.now;
    const read = readAgain(reread);
    const difference = configDifference(before, read);
    const lasting = difference.changes.filter(({ needsRestart }) => needsRestart);
    const report = {
      changes: summaryOf({ changes: difference.changes.filter(({ needsRestart }) => !needsRestart) }),
      needs_restart: summaryOf({ changes: lasting }),
    };
    if (report.changes.length === 0) return { version: config.version, ...report };
    const after = reloaded(before, read);
    const known = new Set(before.workers.map((worker) => worker.workerId));
    for (const worker of after.workers) {
      store.registerWorker(registrationOf(worker), !known.has(worker.workerId), clock.now());
    }
    endpoints.configure(after);
    config.replace(after);
    engine.command({
      type: 'pool.reconfigure',
      policy: policyOf(config),
      workers: specsOf(after),
      changes: report.changes,
    });
    await engine.journal.settled();
    return { version: config.version, ...report };
  }

  /** See {@link dryRun}. */
  dryRun(workersText: string): Promise<DryRun> {
    return dryRun(this.#ports, workersText);
  }

  /** Tries ended tasks again, as tasks of their own. @throws KoubouError `pool.full`, `storage.unavailable` */
  retryMany(
    filter: RetryFilter,
    how: { readonly limit: number; readonly dryRun: boolean; readonly createdBy: string },
  ): Promise<RetryReport> {
    const done = this.#retries.then(() => this.#retryNow(filter, how));
    this.#retries = done.catch(() => undefined);
    return done;
  }

  async #retryNow(
    filter: RetryFilter,
    { limit, dryRun, createdBy }: { limit: number; dryRun: boolean; createdBy: string },
  ): Promise<RetryReport> {
    const { list, delegate } = this.#ports;
    const { found, isWhole: is_whole, letters } = await list({ kind: 'dead', ...filter, limit });
    if (dryRun) {
      const sample = letters.slice(0, sampleMax).map(({ taskId, error }) => ({ task_id: taskId, error }));
      return { found, is_whole, tasks: [], sample };
    }
    if (letters.length === 0) return { found, is_whole, tasks: [], sample: [] };
    const ids = letters.map(({ taskId }) => taskId as TaskId);
    const taskIds = await delegate(ids.map((taskId) => this.retrySpec(taskId, createdBy)));
    return {
      found,
      is_whole,
      tasks: taskIds.map((taskId, index) => ({ task_id: taskId, retry_of: ids[index] ?? '' })),
      sample: [],
    };
  }

  /** The task that tries an ended one again. @throws KoubouError `task.unknown`, `request.invalid` while it has not ended */
  retrySpec(taskId: TaskId, createdBy: string): TaskSpec {
    const row = this.#ports.store.task(taskId);
    if (row === undefined) throw unknownTask(taskId);
    if (row.endedAt === null) {
      throw new KoubouError('request.invalid', `task ${taskId} has not ended; there is nothing to try again`);
    }
    const { files, output_file: outputFile, options } = metadataOf(row);
    const { prompt, taskType, priority } = row;
    const asked = { prompt, taskType, priority, files, outputFile, options };
    return { ...asked, runAtMs: null, createdBy, retryOf: taskId };
  }
}

function readAgain(reread: () => Config): Config {
  try {
    return reread();
  } catch (error) {
    if (!(error instanceof KoubouError) || error.code !== 'config.invalid') throw error;
    const message = `${error.message}\nNothing was changed.`;
    throw new KoubouError('reload.refused', message, { cause: error, details: error.details });
  }
}

export function unknownWorker(id: string): KoubouError {
  return new KoubouError('worker.unknown', `there is no worker ${id.slice(0, 64)}; see GET /workers/status`);
}
