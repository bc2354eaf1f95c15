import { type Clock, systemClock } from './actors/clock.ts';
import type { FactStream } from './actors/fact-stream.ts';
import { systemRandom } from './actors/random.ts';
import { taskIdSource } from './actors/task-ids.ts';
import type { WorkerLinks } from './actors/worker-links.ts';
import type { Config } from './config/settings.ts';
import { homePaths } from './db/home.ts';
import { openReaders, type Readers } from './db/readers.ts';
import { openStore } from './db/sqlite-store.ts';
import type { Store } from './db/store.ts';
import type { TaskId } from './machines/identifiers.ts';
import type { TaskTicket } from './machines/task-ticket.ts';
import { endpointOf } from './runtime/backends.ts';
import { CurrentConfig } from './runtime/current-config.ts';
import type { IdempotencyKey, TaskSpec } from './runtime/delegation.ts';
import { type Delegated, Delegations } from './runtime/delegations.ts';
import { Endpoints } from './runtime/endpoints.ts';
import { Engine } from './runtime/engine.ts';
import { type Follower, Following, type Position, unknownTask } from './runtime/following.ts';
import { assertKept, readRecord, type StreamEvent } from './runtime/history.ts';
import { Housekeeping } from './runtime/housekeeping.ts';
import { openLinks } from './runtime/joined-workers.ts';
import { withKnownCounts } from './runtime/known-counts.ts';
import type { Metrics } from './runtime/metrics.ts';
import type { AttemptView, PoolView, ReloadReport } from './runtime/operation.ts';
import { Operations, unknownWorker } from './runtime/operations.ts';
import { attemptView, poolView } from './runtime/pool-view.ts';
import type { PredictionView } from './runtime/prediction-view.ts';
import { Predictions } from './runtime/predictions.ts';
import { assertOpen, type Readiness } from './runtime/readiness.ts';
import type { RuntimeOptions } from './runtime/runtime-options.ts';
import { TaskChanges } from './runtime/task-changes.ts';
import { type TaskView, taskView } from './runtime/task-view.ts';
import { Tokens } from './runtime/tokens.ts';
import { type WorkerView, workerViews } from './runtime/worker-view.ts';

export type { RuntimeOptions } from './runtime/runtime-options.ts';

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
  readonly #config: CurrentConfig;
  /** What operators do with the pool as a whole. */
  readonly operations: Operations;
  readonly #changes: TaskChanges;
  readonly housekeeping: Housekeeping;
  /** Workers on other machines that came by themselves. */
  readonly links: WorkerLinks;
  /** Every committed fact, as it happens. */
  readonly stream: FactStream;
  /** What monitors scrape. */
  readonly metrics: Metrics;
  /** A look into the actors. */
  readonly inspection: Engine['inspection'];
  /** What clients and workers present, beside the tokens of the environment. */
  readonly tokens: Tokens;
  /** Long lists, read away from this thread. See {@link Readers.read}. */
  readonly list: Readers['read'];
  readonly clock: Clock;
  readonly #store: Store;
  readonly #engine: Engine;
  readonly #delegations: Delegations;
  readonly #following: Following;
  readonly #predictions: Predictions;
  readonly #readers: Readers;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RuntimeOptions, store: Store, clock: Clock) {
    const { log, random = systemRandom() } = options;
    const config = new CurrentConfig(options.config);
    this.#config = config;
    this.clock = clock;
    this.#store = store;
    const { endpointOf: reach = endpointOf, hear = () => undefined, onFatal = () => undefined } = options;
    this.tokens = new Tokens({
      table: store.tokens,
      clock,
      hasMaster: options.config.apiToken !== null,
      onFault: (error) => log.warn({ err: error }, 'uses of tokens could not be written down'),
    });
    const recovery = store.recovery();
    const endpoints = new Endpoints(options.config, clock, reach);
    this.#engine = new Engine({ config, log, clock, random, store, recovery, endpoints, hear, onFatal });
    this.#readers = openReaders(homePaths(options.config.home).database);
    const { journal, stream, texts } = this.#engine;
    ({ stream: this.stream, metrics: this.metrics, inspection: this.inspection } = this.#engine);
    this.#following = new Following({ store, stream, texts, clock });
    this.#delegations = new Delegations(
      {
        store,
        journal,
        nextTaskId: taskIdSource(clock, random),
        now: () => clock.now(),
        config,
        assertOpen: (count) => assertOpen(this.readiness(), count),
        admit: (tickets) => this.#admit(tickets),
      },
      recovery.lastTaskSeq + 1,
    );
    const engine = this.#engine;
    this.#predictions = new Predictions({ store, clock, config, engine }, recovery.lastTaskSeq);
    this.links = openLinks({ clock, config, engine, endpoints, store, log });
    this.#changes = new TaskChanges({ engine, store, config, clock });
    this.list = withKnownCounts(this.#readers.read, () => store.counts());
    this.housekeeping = new Housekeeping({ engine, store, log, clock, config });
    this.operations = new Operations({
      engine,
      store,
      config,
      endpoints,
      clock,
      list: this.list,
      delegate: async (specs) => (await this.delegate(specs)).taskIds,
      reread: options.reread ?? (() => this.config),
    });
  }

  /** The configuration in force; a reload replaces it. */
  get config(): Config {
    return this.#config.now;
  }

  /** See {@link readRecord}. */
  history(afterSeq: number, limit: number): readonly StreamEvent[] {
    return readRecord(this.#store, afterSeq, limit);
  }

  /** See {@link assertKept}. */
  assertKept(afterSeq: number, name?: string): void {
    assertKept(this.#store, afterSeq, name);
  }

  /** The `seq` of the last fact on disk; 0 before the first. */
  get lastSeq(): number {
    return this.#store.lastSeq();
  }

  /** Takes over what a former process left, and begins. */
  async open(): Promise<void> {
    await this.#engine.open();
    void this.housekeeping.retention.watch();
  }

  /** Accepts tasks: all of them or none, on disk when it resolves. See {@link Delegations.delegate}. */
  delegate(specs: readonly TaskSpec[], idempotency: IdempotencyKey | null = null): Promise<Delegated> {
    return this.#delegations.delegate(specs, idempotency);
  }

  /** @throws KoubouError `task.unknown` */
  task(taskId: TaskId): TaskView {
    const row = this.#store.task(taskId);
    if (row === undefined) throw unknownTask(taskId);
    return taskView(row, this.clock.now(), this.#predictions.of(row));
  }

  /** When a task that has just been accepted will start and finish. See {@link Predictions.atAcceptance}. */
  prediction(taskId: TaskId): PredictionView | null {
    return this.#predictions.atAcceptance(taskId);
  }

  /** See {@link Following.wait}. */
  async wait(taskId: TaskId, waitMs: number, signal?: AbortSignal): Promise<TaskView> {
    const task = await this.#following.wait(taskId, waitMs, signal);
    return task.ended_at === null ? this.task(taskId) : task;
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
    await this.#changes.cancel(taskId);
    return this.task(taskId);
  }

  /** See {@link TaskChanges.reprioritize}. */
  async reprioritize(taskId: TaskId, priority: number): Promise<TaskView> {
    await this.#changes.reprioritize(taskId, priority);
    return this.task(taskId);
  }

  /**
   * Delegates an ended task anew, as a task of its own: an ending stands for ever.
   *
   * @throws KoubouError `task.unknown`, `request.invalid` while it has not ended
   */
  async retry(taskId: TaskId, createdBy: string): Promise<TaskView> {
    const { taskIds } = await this.delegate([this.operations.retrySpec(taskId, createdBy)]);
    return this.task(taskIds[0] as TaskId);
  }

  /** The leases of a task, each with its reason. @throws KoubouError `task.unknown` */
  attempts(taskId: TaskId): readonly AttemptView[] {
    if (this.#store.task(taskId) === undefined) throw unknownTask(taskId);
    return this.#store.assignmentsOf(taskId).map(attemptView);
  }

  workers(): readonly WorkerView[] {
    return workerViews(this.#store.workers(), this.#engine.pool.roster);
  }

  /** @throws KoubouError `worker.unknown` */
  worker(id: string): WorkerView {
    const found = this.workers().find(({ worker_id }) => worker_id === id);
    if (found === undefined) throw unknownWorker(id);
    return found;
  }

  /** The pool at a glance. */
  poolView(): PoolView {
    return poolView(this.#engine.pool, this.readiness().pool, this.#predictions.record());
  }

  readiness(): Readiness {
    return this.#engine.readiness();
  }

  /** See {@link Operations.pause}. */
  pause(): Promise<void> {
    return this.operations.pause();
  }

  resume(): Promise<void> {
    return this.operations.resume();
  }

  /** Asks something of a worker. See {@link Operations.order}. */
  async order(id: string, order: 'drain' | 'rest' | 'resume', by: string): Promise<WorkerView> {
    await this.operations.order(id, order, by);
    return this.worker(id);
  }

  /** See {@link Operations.closeBreaker}. */
  async closeBreaker(id: string): Promise<WorkerView> {
    await this.operations.closeBreaker(id);
    return this.worker(id);
  }

  /** See {@link Operations.reload}. */
  reload(): Promise<ReloadReport> {
    return this.operations.reload();
  }

  /**
   * Ends the work in order: hands out nothing more, lets what runs end within the grace, puts the rest back, writes it
   * all down, answers who waits. Reading goes on until {@link close}. A second call returns the same promise.
   */
  drain(): Promise<void> {
    this.housekeeping.retention.stop();
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
    this.links.close();
    await Promise.all([this.#engine.close(), this.#readers.close()]);
    this.tokens.close();
    this.#store.close();
  }

  #admit(tickets: readonly TaskTicket[]): void {
    this.#predictions.arrive(tickets);
    this.#engine.command({ type: 'pool.admit', tickets });
    if (tickets.some(({ delayMs }) => delayMs > 0)) this.#engine.reschedule();
  }
}
