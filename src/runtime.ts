import { type Clock, systemClock } from './actors/clock.ts';
import type { FactStream } from './actors/fact-stream.ts';
import { type Random, systemRandom } from './actors/random.ts';
import { taskIdSource } from './actors/task-ids.ts';
import type { Config } from './config/settings.ts';
import { homePaths } from './db/home.ts';
import { openReaders, type Readers } from './db/readers.ts';
import { openStore } from './db/sqlite-store.ts';
import type { Store } from './db/store.ts';
import { metadataOf, type TaskRow } from './db/tasks-table.ts';
import { KoubouError } from './machines/errors.ts';
import type { CommittedFact } from './machines/facts.ts';
import type { TaskId } from './machines/identifiers.ts';
import { limits } from './machines/limits.ts';
import type { RowPlace } from './machines/pool-events.ts';
import type { WorkerConfig } from './machines/routing-policy.ts';
import type { TaskTicket } from './machines/task-board.ts';
import { endpointOf, type WorkerEndpoint } from './runtime/backends.ts';
import { type IdempotencyKey, type TaskSpec, ticketOfRow } from './runtime/delegation.ts';
import { type Delegated, Delegations } from './runtime/delegations.ts';
import { Engine } from './runtime/engine.ts';
import { type Follower, Following, type Position, unknownTask } from './runtime/following.ts';
import type { RuntimeLog } from './runtime/pool-ports.ts';
import type { Readiness } from './runtime/readiness.ts';
import { type TaskView, taskView } from './runtime/task-view.ts';
import { type WorkerView, workerView } from './runtime/worker-view.ts';

export interface RuntimeOptions {
  readonly config: Config;
  readonly log: RuntimeLog;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Where tasks are kept; by default the SQLite file of the home. The runtime closes it. */
  readonly store?: Store;
  /** Hears every committed fact, from the first on. */
  readonly hear?: (committed: CommittedFact) => void;
  /** Told when the pool has crashed: the process should end, and start anew from the rows. */
  readonly onFatal?: (error: unknown) => void;
  /** How each worker is reached; by default what its configuration says. */
  readonly endpointOf?: (worker: WorkerConfig) => WorkerEndpoint;
}

/**
 * Opens the store, recovers, starts the pool. One to a home; the caller holds its lock.
 *
 * @throws KoubouError when the database cannot be opened
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config } = options;
  const clock = options.clock ?? systemClock;
  const { database } = homePaths(config.home);
  const store = options.store ?? openStore(database, config.storage.durability, clock.now());
  try {
    const runtime = new Runtime(options, store, clock);
    await runtime.open();
    return runtime;
  } catch (error) {
    store.close();
    throw error;
  }
}

/** What all doors talk to. */
export class Runtime {
  readonly config: Config;
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #engine: Engine;
  readonly #delegations: Delegations;
  readonly #following: Following;
  readonly #readers: Readers;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RuntimeOptions, store: Store, clock: Clock) {
    const { config, log } = options;
    const random = options.random ?? systemRandom();
    this.config = config;
    this.#clock = clock;
    this.#store = store;
    const { endpointOf: reach = endpointOf, hear = () => undefined, onFatal = () => undefined } = options;
    const recovery = store.recovery();
    this.#engine = new Engine({ config, log, clock, random, store, recovery, reach, hear, onFatal });
    this.#readers = openReaders(homePaths(config.home).database);
    const { journal, stream, texts } = this.#engine;
    this.#following = new Following({ store, stream, texts, clock });
    this.#delegations = new Delegations(
      {
        store,
        journal,
        nextTaskId: taskIdSource(clock, random),
        now: () => clock.now(),
        retriesMax: config.models.server.retryCount,
        assertOpen: (count) => this.#assertOpen(count),
        admit: (tickets) => this.#admit(tickets),
      },
      recovery.lastTaskSeq + 1,
    );
  }

  /** Every committed fact, as it happens. */
  get stream(): FactStream {
    return this.#engine.stream;
  }

  /** Takes over what a former process left, and begins. */
  open(): Promise<void> {
    return this.#engine.open();
  }

  /** Accepts tasks: all of them or none, on disk when it resolves. See {@link Delegations.delegate}. */
  delegate(specs: readonly TaskSpec[], idempotency: IdempotencyKey | null = null): Promise<Delegated> {
    return this.#delegations.delegate(specs, idempotency);
  }

  /** @throws KoubouError `task.unknown` */
  task(taskId: TaskId): TaskView {
    const row = this.#store.task(taskId);
    if (row === undefined) throw unknownTask(taskId);
    return taskView(row, this.#clock.now());
  }

  /** See {@link Following.wait}. */
  wait(taskId: TaskId, waitMs: number, signal?: AbortSignal): Promise<TaskView> {
    return this.#following.wait(taskId, waitMs, signal);
  }

  /** See {@link Following.follow}. */
  follow(taskId: TaskId, since: Position, follower: Follower): () => void {
    return this.#following.follow(taskId, since, follower);
  }

  /**
   * Cancels a task, wherever it is: nothing of it starts later. Resolves when that is on disk.
   *
   * @throws KoubouError `task.unknown`, `task.ended` (its ending stands), `storage.unavailable`
   */
  async cancel(taskId: TaskId): Promise<TaskView> {
    const row = this.#store.task(taskId);
    if (row === undefined) throw unknownTask(taskId);
    if (row.endedAt !== null) throw endedAlready(taskId, row.status);
    const ticket = ticketOfRow(row, this.config.models.server.retryCount, this.#clock.now());
    this.#engine.command({ type: 'pool.cancel', ticket, place: placeOf(row) });
    await this.#engine.journal.settled();
    const after = this.task(taskId);
    if (after.status !== 'cancelled') throw endedAlready(taskId, after.status);
    return after;
  }

  /**
   * Delegates an ended task anew, as a task of its own: an ending stands for ever.
   *
   * @throws KoubouError `task.unknown`, `request.invalid` while it has not ended
   */
  async retry(taskId: TaskId, createdBy: string): Promise<TaskView> {
    const row = this.#store.task(taskId);
    if (row === undefined) throw unknownTask(taskId);
    if (row.endedAt === null) {
      throw new KoubouError('request.invalid', `task ${taskId} has not ended; there is nothing to try again`);
    }
    const { files, output_file: outputFile, options } = metadataOf(row);
    const { prompt, taskType, priority } = row;
    const spec = {
      prompt,
      taskType,
      priority,
      files,
      outputFile,
      options,
      runAtMs: null,
      createdBy,
      retryOf: taskId,
    };
    const { taskIds } = await this.delegate([spec]);
    return this.task(taskIds[0] as TaskId);
  }

  /** Long lists, read away from this thread. See {@link Readers.read}. */
  get list(): Readers['read'] {
    return this.#readers.read;
  }

  workers(): readonly WorkerView[] {
    const rows = this.#store.workers().filter(({ configured }) => configured === 1);
    return rows.map(workerView);
  }

  readiness(): Readiness {
    return this.#engine.readiness();
  }

  /** Goes on accepting, and hands out nothing. */
  pause(): void {
    this.#engine.command({ type: 'pool.pause' });
  }

  resume(): void {
    this.#engine.command({ type: 'pool.resume' });
  }

  /**
   * Ends the work in order: hands out nothing more, lets what runs end within the grace, puts the rest back, writes it
   * all down, answers who waits. Reading goes on until {@link close}. A second call returns the same promise.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#engine.drain().then(() => this.#following.release());
    return this.#draining;
  }

  /** Drains, and closes everything. A second call returns the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.drain();
    await Promise.all([this.#engine.close(), this.#readers.close()]);
    this.#store.close();
  }

  #admit(tickets: readonly TaskTicket[]): void {
    this.#engine.command({ type: 'pool.admit', tickets });
    if (tickets.some(({ delayMs }) => delayMs > 0)) this.#engine.reschedule();
  }

  #assertOpen(count: number): void {
    const { ready, reasons, waiting } = this.readiness();
    if (!ready) {
      throw new KoubouError('pool.draining', `nothing is accepted now: ${reasons.join('; ')}`, {
        retryAfterMs: 5_000,
      });
    }
    if (waiting.live + waiting.dormant + count > limits.backlogMax) {
      throw new KoubouError(
        'pool.full',
        `${limits.backlogMax} tasks wait already; try again when some are done`,
        {
          retryAfterMs: 30_000,
        },
      );
    }
  }
}

function placeOf({ status, runAtMs }: TaskRow): RowPlace {
  if (status !== 'pending') return 'held';
  return runAtMs === null ? 'waiting' : 'scheduled';
}

function endedAlready(taskId: TaskId, status: string): KoubouError {
  return new KoubouError('task.ended', `task ${taskId} has already ended (${status}); that stands`, {
    details: { task_id: taskId, status },
  });
}
