import { type Clock, systemClock } from './actors/clock.ts';
import { FactStream, taskOf } from './actors/fact-stream.ts';
import { type PoolHost, startPool, watchSchedule } from './actors/pool-host.ts';
import { type Random, systemRandom } from './actors/random.ts';
import { taskIdSource } from './actors/task-ids.ts';
import { TextRelay } from './actors/text-relay.ts';
import type { Config } from './config/settings.ts';
import { homePaths } from './db/home.ts';
import { Journal } from './db/journal.ts';
import { openReaders, type Readers } from './db/readers.ts';
import { openStore } from './db/sqlite-store.ts';
import type { Entry, Receipt, Store } from './db/store.ts';
import { KoubouError } from './machines/errors.ts';
import type { AcceptedTask } from './machines/facts.ts';
import type { TaskId } from './machines/identifiers.ts';
import { limits } from './machines/limits.ts';
import type { Forgotten } from './machines/pool-events.ts';
import type { WorkerConfig } from './machines/routing-policy.ts';
import type { TaskTicket } from './machines/task-board.ts';
import { endpointOf, type WorkerEndpoint } from './runtime/backends.ts';
import { type IdempotencyKey, type TaskSpec, ticketOfRow } from './runtime/delegation.ts';
import { type Delegated, Delegations } from './runtime/delegations.ts';
import { ordersOf } from './runtime/effects.ts';
import { type Follower, Following, type Position, unknownTask } from './runtime/following.ts';
import { OutputFiles } from './runtime/output-files.ts';
import { poolInputOf, registrationOf } from './runtime/pool-input.ts';
import { poolPorts, type RuntimeLog } from './runtime/pool-ports.ts';
import { type Readiness, readinessOf } from './runtime/readiness.ts';
import { recoverLeases } from './runtime/recovery.ts';
import { type TaskView, taskView } from './runtime/task-view.ts';
import { type WorkerView, workerView } from './runtime/worker-view.ts';

export interface RuntimeOptions {
  readonly config: Config;
  readonly log: RuntimeLog;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Where tasks are kept; by default the SQLite file of the home. The runtime closes it. */
  readonly store?: Store;
  /** How each worker is reached; by default what its configuration says. */
  readonly endpointOf?: (worker: WorkerConfig) => WorkerEndpoint;
}

/**
 * The composition root: opens the store, recovers, starts the pool, and is what all doors talk to. One to a home; the
 * caller holds its lock.
 *
 * @throws KoubouError when the database cannot be opened
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const clock = options.clock ?? systemClock;
  const { config } = options;
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

export class Runtime {
  readonly config: Config;
  /** Every committed fact, as it happens. */
  readonly stream: FactStream;
  readonly #log: RuntimeLog;
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #texts = new TextRelay();
  readonly #outputs: OutputFiles;
  readonly #host: PoolHost;
  readonly #schedule: ReturnType<typeof watchSchedule>;
  readonly #delegations: Delegations;
  readonly #following: Following;
  readonly #readers: Readers;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RuntimeOptions, store: Store, clock: Clock) {
    const { config, log } = options;
    const random = options.random ?? systemRandom();
    this.config = config;
    this.#log = log;
    this.#clock = clock;
    this.#store = store;
    this.stream = new FactStream((error) => log.error({ err: error }, 'a listener of the stream failed'));
    this.#outputs = new OutputFiles(homePaths(config.home).outputs, (error, taskId) =>
      log.error({ err: error, task_id: taskId }, 'an output file could not be written'),
    );
    this.stream.subscribe((committed) => this.#outputs.hear(committed));
    this.#journal = this.#openJournal();
    const recovery = store.recovery();
    store.registerWorkers(config.workers.map(registrationOf), clock.now());
    this.#host = startPool(
      poolInputOf(config, recovery.lastAssignment + 1),
      poolPorts({
        config,
        clock,
        random,
        log,
        store,
        journal: this.#journal,
        texts: this.#texts,
        outputs: this.#outputs,
        reach: options.endpointOf ?? endpointOf,
        wantTurn: () => this.#host.wantTurn(),
      }),
    );
    this.#schedule = watchSchedule({
      clock,
      nextRunAtMs: () => store.nextRunAtMs(),
      takeDue: (nowMs) => store.takeDue(nowMs, limits.activationBatch),
      onDue: (waiting) => this.#host.pool.send({ type: 'pool.due', waiting }),
      onFault: (error) => log.error({ err: error }, 'the schedule could not be read'),
    });
    this.#readers = openReaders(homePaths(config.home).database);
    this.#following = new Following({ store, stream: this.stream, texts: this.#texts, clock });
    this.#delegations = new Delegations(
      {
        store,
        journal: this.#journal,
        nextTaskId: taskIdSource(clock, random),
        now: () => clock.now(),
        retriesMax: config.models.server.retryCount,
        assertOpen: (count) => this.#assertOpen(count),
        admit: (tickets) => this.#admit(tickets),
      },
      recovery.lastTaskSeq + 1,
    );
  }

  /** Takes over what a former process left, and begins. */
  async open(): Promise<void> {
    const { held } = this.#store.recovery();
    for (const fact of recoverLeases(held)) this.#journal.record(fact);
    this.#host.wantTurn();
    await this.#journal.settled();
    const { waiting } = this.#store.recovery();
    this.#host.pool.send({ type: 'pool.open', recovered: held.length, waiting });
    this.#schedule.lookAgain();
  }

  /** Accepts tasks: all of them or none, on disk when it resolves. See {@link Delegations.delegate}. */
  delegate(specs: readonly TaskSpec[], idempotency: IdempotencyKey | null = null): Promise<Delegated> {
    return this.#delegations.delegate(specs, idempotency);
  }

  /** @throws KoubouError `task.unknown` */
  task(taskId: TaskId): TaskView {
    const row = this.#store.task(taskId);
    if (row === undefined) throw unknownTask(taskId);
    return taskView(row);
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
    const ticket = ticketOfRow(row, this.#retriesMax, this.#clock.now());
    this.#host.pool.send({ type: 'pool.cancel', ticket, isWaiting: row.status === 'pending' });
    this.#host.wantTurn();
    await this.#journal.settled();
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
    const task = this.task(taskId);
    if (task.ended_at === null) {
      throw new KoubouError('request.invalid', `task ${taskId} has not ended; there is nothing to try again`);
    }
    const { files, output_file, options } = task.metadata as never as {
      files: readonly string[];
      output_file: string | null;
      options: Record<string, unknown>;
    };
    const { prompt, priority, type: taskType } = task;
    const spec = { prompt, priority, taskType, files, outputFile: output_file, options, runAtMs: null };
    const { taskIds } = await this.delegate([{ ...spec, createdBy, retryOf: taskId }]);
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
    return readinessOf(this.#host.pool.getSnapshot(), this.#journal.refusal);
  }

  pause(): void {
    this.#host.pool.send({ type: 'pool.pause' });
    this.#host.wantTurn();
  }

  resume(): void {
    this.#host.pool.send({ type: 'pool.resume' });
    this.#host.wantTurn();
  }

  /**
   * Ends the work in order: hands out nothing more, lets what runs end within the grace, puts the rest back, writes it
   * all down, answers who waits. Reading goes on until {@link close}.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  /** Drains, and closes everything. A second call returns the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    this.#schedule.stop();
    const stopped = new Promise<void>((resolve) => {
      this.#host.pool.subscribe({ complete: resolve, error: () => resolve() });
    });
    this.#host.pool.send({ type: 'pool.drain' });
    this.#host.wantTurn();
    await stopped;
    await this.#journal.flush();
    this.#following.release();
  }

  async #close(): Promise<void> {
    await this.drain();
    this.#journal.close();
    await Promise.all([this.#readers.close(), this.#outputs.close()]);
    this.#store.close();
  }

  #openJournal(): Journal {
    return new Journal({
      store: this.#store,
      clock: this.#clock,
      onCommitted: (receipt) => this.#publish(receipt),
      onWithdrawn: (tasks) => this.#forget(tasks.map(withdrawn)),
      onStalled: (error) =>
        this.#log.error({ err: error, cause: error.cause }, 'cannot write to the database'),
      onResumed: () => this.#log.warn({}, 'can write to the database again'),
      onPoison: (error, entry) => this.#dropPoison(error, entry),
      wantFlush: () => this.#host.wantTurn(),
    });
  }

  /** What is on disk now is told: first to the workers, whose work it is, then to everybody who listens. */
  #publish({ committed, refused }: Receipt): void {
    const orders = ordersOf(committed, this.#texts);
    if (orders.leased.length + orders.cancelled.length > 0) {
      this.#host.pool.send({ type: 'pool.committed', ...orders });
    }
    this.stream.publish(committed);
    for (const fact of refused) {
      this.#log.warn(
        { fact: fact.type, task_id: fact.taskId },
        'a row contradicts its actor; the row stands',
      );
      this.#forget([{ taskId: fact.taskId, waitedAt: null }]);
    }
  }

  #admit(tickets: readonly TaskTicket[]): void {
    this.#host.pool.send({ type: 'pool.admit', tickets });
    if (tickets.some(({ delayMs }) => delayMs > 0)) this.#scheduleChanged();
  }

  /** The new rows are on disk after the next commit; only then are they to be seen. */
  #scheduleChanged(): void {
    this.#journal.settled().then(
      () => this.#schedule.lookAgain(),
      () => undefined, // Refused, and their clients know: there is nothing to wait for.
    );
  }

  #forget(tasks: readonly Forgotten[]): void {
    this.#host.pool.send({ type: 'pool.forget', tasks });
    this.#host.wantTurn();
  }

  #dropPoison(error: unknown, entry: Entry): void {
    this.#log.error({ err: error, entry: entry.kind }, 'an entry could not be written and was dropped');
    if (entry.kind === 'accept') this.#forget(entry.tasks.map(withdrawn));
    const taskId = entry.kind === 'fact' ? taskOf(entry.fact) : undefined;
    if (taskId !== undefined) this.#forget([{ taskId, waitedAt: null }]);
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

  get #retriesMax(): number {
    return this.config.models.server.retryCount;
  }
}

function withdrawn({ taskId, priority, runAtMs }: AcceptedTask): Forgotten {
  return { taskId, waitedAt: runAtMs === null ? priority : null };
}

function endedAlready(taskId: TaskId, status: string): KoubouError {
  return new KoubouError('task.ended', `task ${taskId} has already ended (${status}); that stands`, {
    details: { task_id: taskId, status },
  });
}
