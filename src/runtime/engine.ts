import type { Clock } from '../actors/clock.ts';
import { FactStream, taskOf } from '../actors/fact-stream.ts';
import { type PoolHost, startPool, watchSchedule } from '../actors/pool-host.ts';
import type { Random } from '../actors/random.ts';
import { TextRelay } from '../actors/text-relay.ts';
import { homePaths } from '../db/home.ts';
import { Journal } from '../db/journal.ts';
import type { Entry, Receipt, Recovery, Store } from '../db/store.ts';
import type { AcceptedTask, ActorFact, CommittedFact } from '../machines/facts.ts';
import { limits } from '../machines/limits.ts';
import type { PoolContext } from '../machines/pool-context.ts';
import type { Forgotten, PoolCommand } from '../machines/pool-events.ts';
import type { SettledReport } from '../machines/worker-reports.ts';
import type { CurrentConfig } from './current-config.ts';
import { ordersOf } from './effects.ts';
import type { Endpoints } from './endpoints.ts';
import { Inspection } from './inspection.ts';
import { Metrics } from './metrics.ts';
import { OutputFiles } from './output-files.ts';
import { poolInputOf, registrationOf } from './pool-input.ts';
import { poolPorts, type RuntimeLog } from './pool-ports.ts';
import { rateRegularly } from './rating.ts';
import { type Readiness, readinessOf } from './readiness.ts';
import { recoverLeases } from './recovery.ts';

export interface EngineOptions {
  readonly config: CurrentConfig;
  readonly endpoints: Endpoints;
  readonly log: RuntimeLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  /** What the store says of a former process. */
  readonly recovery: Recovery;
  /** Hears every committed fact, from the first on. */
  readonly hear: (committed: CommittedFact) => void;
  readonly onFatal: (error: unknown) => void;
}

/**
 * The circle in which everything happens: commands go to the pool, its actors say what happened, the journal writes it
 * down, and what is written goes to the workers and to everybody who listens.
 */
export class Engine {
  /** Every committed fact, as it happens. */
  readonly stream: FactStream;
  /** Text as it is generated. */
  readonly texts: TextRelay;
  /** What monitors scrape. */
  readonly metrics: Metrics;
  /** A look into the actors. */
  readonly inspection: Inspection;
  readonly journal: Journal;
  readonly #log: RuntimeLog;
  readonly #store: Store;
  readonly #recovery: Recovery;
  readonly #outputs: OutputFiles;
  readonly #host: PoolHost;
  readonly #schedule: ReturnType<typeof watchSchedule>;
  readonly #endRating: () => void;

  constructor(options: EngineOptions) {
    const { config, log, clock, random, store, recovery, endpoints, hear, onFatal } = options;
    this.#log = log;
    this.#store = store;
    this.stream = new FactStream((error) => log.error({ err: error }, 'a listener of the stream failed'));
    this.#outputs = new OutputFiles(homePaths(config.now.home).outputs, (error, taskId) =>
      log.error({ err: error, task_id: taskId }, 'an output file could not be written'),
    );
    this.metrics = new Metrics({
      clock,
      config,
      pool: () => this.pool,
      taskTypeOf: (taskId) => store.task(taskId)?.taskType,
    });
    this.texts = new TextRelay({
      monotonic: () => clock.monotonic(),
      onFirst: (elapsedMs) => this.metrics.noteFirstText(elapsedMs),
    });
    this.stream.subscribe(hear);
    this.stream.subscribe((committed) => this.metrics.hear(committed));
    this.stream.subscribe((committed) => this.#outputs.hear(committed));
    this.journal = this.#openJournal(clock);
    this.#recovery = recovery;
    store.registerWorkers(config.now.workers.map(registrationOf), clock.now());
    const wantTurn = () => this.#host.wantTurn();
    const { journal, texts } = this;
    this.#host = startPool(
      poolInputOf(config, recovery),
      poolPorts({
        config,
        clock,
        random,
        log,
        store,
        journal,
        texts,
        outputs: this.#outputs,
        endpoints,
        wantTurn,
        onFatal,
      }),
    );
    this.inspection = new Inspection({
      host: () => this.#host,
      clock,
      lastSeq: () => store.lastSeq(),
      onFault: (error) => log.error({ err: error }, 'a watcher of an actor failed'),
    });
    this.#endRating = rateRegularly(clock, config, () => this.command({ type: 'pool.rate' }));
    this.#schedule = watchSchedule({
      clock,
      nextRunAtMs: () => store.nextRunAtMs(),
      takeDue: (nowMs) => store.takeDue(nowMs, limits.activationBatch),
      onDue: (waiting) => this.#host.pool.send({ type: 'pool.due', waiting }),
      onFault: (error) => log.error({ err: error }, 'the schedule could not be read'),
    });
  }

  /** The pool as it is: for those who look, and change nothing. */
  get pool(): PoolContext {
    return this.#host.pool.getSnapshot().context;
  }

  /** Takes over what a former process left, and begins. */
  async open(): Promise<void> {
    const { held } = this.#recovery;
    for (const run of this.#store.lastRuns(limits.runsRead)) this.pool.book.learn(run);
    for (const fact of recoverLeases(held)) this.journal.record(fact);
    this.#host.wantTurn();
    await this.journal.settled();
    // What was held waits now as well.
    const { waiting } = held.length > 0 ? this.#store.recovery() : this.#recovery;
    this.command({ type: 'pool.open', recovered: held.length, waiting });
    this.#schedule.lookAgain();
  }

  /** Gives the pool a command; what it brings is written at the end of this turn. */
  command(command: PoolCommand): void {
    this.#host.pool.send(command);
    this.#host.wantTurn();
  }

  /** Writes down what an operator asked of an actor, with what comes of it in this turn, and in that order. */
  noteSignal(fact: ActorFact): void {
    this.journal.record(fact);
    this.#host.wantTurn();
  }

  /** A result that came over a link, under a lease that has ended: it is recorded, and changes nothing. */
  reportLate(report: Pick<SettledReport, 'workerId' | 'taskId' | 'assignmentId' | 'outcome'>): void {
    this.#host.pool.send({ type: 'worker.settled', ...report, draw: 0, elapsedMs: 0 });
  }

  /** Tasks were taken in that begin later: the next start may have become an earlier one, once they are on disk. */
  reschedule(): void {
    this.journal.settled().then(
      () => this.#schedule.lookAgain(),
      () => undefined, // Refused, and their clients know: there is nothing to wait for.
    );
  }

  readiness(): Readiness {
    return readinessOf(this.#host.pool.getSnapshot(), this.journal.refusal);
  }

  /** Hands out nothing more, lets what runs end within the grace, puts the rest back, and writes it all down. */
  async drain(): Promise<void> {
    this.#schedule.stop();
    this.#endRating();
    const stopped = new Promise<void>((resolve) => {
      this.#host.pool.subscribe({ complete: resolve, error: () => resolve() });
    });
    this.command({ type: 'pool.drain' });
    await stopped;
    await this.journal.flush();
  }

  /** Ends what a drain leaves. */
  async close(): Promise<void> {
    this.journal.close();
    await this.#outputs.close();
    this.metrics.close();
  }

  #openJournal(clock: Clock): Journal {
    return new Journal({
      store: this.metrics.measured(this.#store),
      clock,
      onCommitted: (receipt) => this.#publish(receipt),
      onWithdrawn: (tasks) => this.#forget(tasks.map(withdrawn)),
      onStalled: (error) =>
        this.#log.error({ err: error, cause: error.cause }, 'cannot write to the database'),
      onResumed: () => {
        this.#log.warn({}, 'can write to the database again');
        this.#host.wantTurn();
      },
      onPoison: (error, entry) => this.#dropPoison(error, entry),
      wantFlush: () => this.#host.wantTurn(),
    });
  }

  /** What is on disk now is told: first to the workers, whose work it is, then to everybody who listens. */
  #publish({ committed, refused }: Receipt): void {
    const orders = ordersOf(committed, this.texts);
    if (orders.leased.length + orders.cancelled.length > 0) {
      this.#host.pool.send({ type: 'pool.committed', ...orders });
    }
    this.stream.publish(committed);
    for (const { type, taskId } of refused) {
      this.#log.warn({ fact: type, task_id: taskId }, 'a row contradicts its actor; the row stands');
      this.#forget([{ taskId, waitedAt: null }]);
    }
  }

  #forget(tasks: readonly Forgotten[]): void {
    this.command({ type: 'pool.forget', tasks });
  }

  #dropPoison(error: unknown, entry: Entry): void {
    this.#log.error({ err: error, entry: entry.kind }, 'an entry could not be written and was dropped');
    if (entry.kind === 'accept') this.#forget(entry.tasks.map(withdrawn));
    const taskId = entry.kind === 'fact' ? taskOf(entry.fact) : undefined;
    if (taskId !== undefined) this.#forget([{ taskId, waitedAt: null }]);
  }
}

function withdrawn({ taskId, priority, taskType, runAtMs }: AcceptedTask): Forgotten {
  return { taskId, waitedAt: runAtMs === null ? { priority, taskType } : null };
}
