import { Counter, Histogram, Registry } from 'prom-client';
import type { Clock } from '../actors/clock.ts';
import type { Entry, Store } from '../db/store.ts';
import type { CommittedFact, Fact } from '../machines/facts.ts';
import type { TaskId, WorkerId } from '../machines/identifiers.ts';
import type { PoolContext } from '../machines/pool-context.ts';
import type { CurrentConfig } from './current-config.ts';
import { PoolGauges } from './pool-gauges.ts';
import { processMetrics } from './process-metrics.ts';

/** What the figures are taken from. */
export interface MetricsPorts {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly config: Pick<CurrentConfig, 'now'>;
  readonly pool: () => PoolContext;
  /** As its row says; for the few tasks that end without ever having been leased. */
  readonly taskTypeOf: (taskId: TaskId) => string | undefined;
}

type Ending = 'completed' | 'failed' | 'cancelled';

const endings: readonly Ending[] = ['completed', 'failed', 'cancelled'];
/** Stands for what has no label of its own. */
const other = 'other';
/** A server that takes any name of a model must not make a series of each. */
const modelsPerWorkerMax = 32;
/** Leased tasks whose type is remembered; there are no more unless facts of theirs were refused. */
const typesKeptMax = 10_000;

const waitBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];
const runBuckets = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];
const firstTextBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const commitBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const batchBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

function metricsIn(registry: Registry) {
  const counter = <L extends string = never>(name: string, help: string, ...labelNames: L[]) =>
    new Counter<L>({ name: `koubou_${name}`, help, labelNames, registers: [registry] });
  const histogram = <L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ) => new Histogram<L>({ name: `koubou_${name}`, help, buckets, labelNames, registers: [registry] });
  return {
    accepted: counter('tasks_accepted_total', 'Tasks that are on disk', 'type'),
    ended: counter('tasks_ended_total', 'Tasks that have ended', 'type', 'status', 'worker'),
    retries: counter('task_retries_total', 'Leases that ended without an ending of the task', 'code'),
    lost: counter('leases_lost_total', 'Of these, leases of workers that were lost'),
    late: counter('late_reports_total', 'Results that came after their lease had ended'),
    outputTokens: counter('output_tokens_total', 'Tokens generated', 'worker', 'model'),
    promptTokens: counter('prompt_tokens_total', 'Tokens read', 'worker', 'model'),
    waits: histogram('task_wait_seconds', 'From ready to be done to the first lease', waitBuckets),
    runs: histogram('task_run_seconds', 'Attempts that completed a task', runBuckets, 'worker'),
    firstTexts: histogram(
      'first_token_seconds',
      'From the commit of a lease to its first text',
      firstTextBuckets,
    ),
    commits: histogram('journal_commit_seconds', 'How long a commit took', commitBuckets),
    batches: histogram('journal_commit_entries', 'What a commit wrote: tasks, facts and beats', batchBuckets),
  };
}

/**
 * What monitors scrape: counted from the one stream, fact by fact, and looked up in the pool at the scrape. Each runtime
 * has a registry of its own. Labels are bounded: types are those of the configuration, workers those of the roster.
 */
export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #ports: MetricsPorts;
  readonly #registry = new Registry();
  readonly #metrics = metricsIn(this.#registry);
  readonly #gauges = new PoolGauges(this.#registry);
  /** Types of the leased tasks: an ending does not name it. */
  readonly #types = new Map<TaskId, string>();
  /** Every type that has a label, so that what a worker leaves is found again. */
  readonly #typeLabels = new Set<string>([other]);
  readonly #models = new Map<WorkerId, Set<string>>();
  #config: CurrentConfig['now'] | undefined;

  constructor(ports: MetricsPorts) {
    this.#ports = ports;
  }

  /** All figures of this moment, in the text format of Prometheus. */
  async text(): Promise<string> {
    this.#gauges.look(this.#ports.pool(), this.#ports.clock.now());
    return (await this.#registry.metrics()) + (await processMetrics());
  }

  /** How many tasks were taken in, have ended and were tried again since the start, over all labels. */
  async totals(): Promise<{ accepted: number; ended: number; retried: number }> {
    const { accepted, ended, retries } = this.#metrics;
    const sumOf = async (counter: Counter) =>
      (await counter.get()).values.reduce((sum, { value }) => sum + value, 0);
    return { accepted: await sumOf(accepted), ended: await sumOf(ended), retried: await sumOf(retries) };
  }

  /** Forgets all figures. What is scraped after that is of the process alone. */
  close(): void {
    this.#registry.clear();
    this.#types.clear();
    this.#models.clear();
  }

  /** The same store, each of its commits measured. */
  measured(store: Pick<Store, 'commit'>): Pick<Store, 'commit'> {
    const { clock } = this.#ports;
    return {
      commit: async (entries) => {
        const begunMs = clock.monotonic();
        const receipt = await store.commit(entries);
        this.#metrics.commits.observe((clock.monotonic() - begunMs) / 1_000);
        this.#metrics.batches.observe(entries.reduce((sum, entry) => sum + sizeOf(entry), 0));
        return receipt;
      },
    };
  }

  /** An attempt has brought its first text, so long after its lease was committed. */
  noteFirstText(elapsedMs: number): void {
    this.#metrics.firstTexts.observe(elapsedMs / 1_000);
  }

  hear({ fact, atMs }: CommittedFact): void {
    switch (fact.type) {
      case 'task.accepted':
        this.#metrics.accepted.inc({ type: this.#typeLabel(fact.task.taskType) });
        return;
      case 'task.assigned':
        this.#begin(fact, atMs);
        return;
      case 'task.retried':
        this.#types.delete(fact.taskId);
        this.#metrics.retries.inc({ code: fact.failure.code });
        if (fact.failure.code === 'worker.lost') this.#metrics.lost.inc();
        return;
      case 'task.completed':
        this.#end(fact.taskId, 'completed', fact.workerId);
        // An answer that was at hand took no time of a worker, and none of its tokens.
        if (fact.usage.doneReason !== 'cached') this.#noteRun(fact);
        return;
      case 'task.failed':
        this.#end(fact.taskId, 'failed', fact.workerId);
        return;
      case 'task.cancelled':
        this.#end(fact.taskId, 'cancelled', fact.workerId);
        return;
      case 'worker.reported_late':
        this.#metrics.late.inc();
        return;
      case 'worker.retired':
        this.#forget(fact.workerId);
        return;
      case 'worker.changed':
      case 'worker.readmitted':
      case 'worker.enrolled':
      case 'worker.rated':
      case 'endpoint.changed':
      case 'pool.reconfigured':
      case 'pool.started':
      case 'pool.paused':
      case 'pool.resumed':
      case 'pool.draining':
      case 'pool.stopped':
      case 'journal.resumed':
      case 'actor.signalled':
    }
  }

  #begin({ taskId, lease }: Extract<Fact, { type: 'task.assigned' }>, atMs: number): void {
    const ticket = this.#ports.pool().board.get(taskId)?.ticket;
    // Cancelled in the meantime: nothing of it begins.
    if (ticket === undefined) return;
    if (this.#types.size >= typesKeptMax) this.#types.delete(this.#types.keys().next().value as TaskId);
    this.#types.set(taskId, ticket.taskType);
    if (lease === 1) this.#metrics.waits.observe(Math.max(0, atMs - ticket.sinceMs) / 1_000);
  }

  #end(taskId: TaskId, status: Ending, workerId: WorkerId | null): void {
    const taskType = this.#types.get(taskId) ?? this.#ports.taskTypeOf(taskId) ?? other;
    this.#types.delete(taskId);
    const worker = workerId === null ? '' : this.#workerLabel(workerId);
    this.#metrics.ended.inc({ type: this.#typeLabel(taskType), status, worker });
  }

  #noteRun({ workerId, model: name, usage, elapsedMs }: Extract<Fact, { type: 'task.completed' }>): void {
    const worker = this.#workerLabel(workerId);
    this.#metrics.runs.observe({ worker }, elapsedMs / 1_000);
    const { promptTokens, outputTokens } = usage;
    if (promptTokens === null && outputTokens === null) return;
    const model = worker === other ? other : this.#modelLabel(workerId, name);
    this.#metrics.promptTokens.inc({ worker, model }, Math.max(0, promptTokens ?? 0));
    this.#metrics.outputTokens.inc({ worker, model }, Math.max(0, outputTokens ?? 0));
  }

  #typeLabel(taskType: string): string {
    const config = this.#ports.config.now;
    if (config !== this.#config) {
      // A type that a reload has dropped keeps its label: what ran under it is still counted.
      for (const type of config.taskTypes) this.#typeLabels.add(type);
      this.#config = config;
    }
    return this.#typeLabels.has(taskType) ? taskType : other;
  }

  /** What one did that has left in the meantime is nobody's: its series are gone. */
  #workerLabel(workerId: WorkerId): string {
    return this.#ports.pool().roster.get(workerId) === undefined ? other : workerId;
  }

  #modelLabel(workerId: WorkerId, model: string): string {
    const known = this.#models.get(workerId) ?? new Set();
    this.#models.set(workerId, known);
    if (known.size < modelsPerWorkerMax) known.add(model);
    return known.has(model) ? model : other;
  }

  #forget(worker: WorkerId): void {
    this.#metrics.runs.remove({ worker });
    for (const type of this.#typeLabels) {
      for (const status of endings) this.#metrics.ended.remove({ type, status, worker });
    }
    for (const model of [...(this.#models.get(worker) ?? []), other]) {
      this.#metrics.promptTokens.remove({ worker, model });
      this.#metrics.outputTokens.remove({ worker, model });
    }
    this.#models.delete(worker);
  }
}

function sizeOf(entry: Entry): number {
  return entry.kind === 'accept' ? entry.tasks.length : 1;
}
