import type { Clock } from '../actors/clock.ts';
import type { Store } from '../db/store.ts';
import type { TaskRow } from '../db/tasks-table.ts';
import type { CommittedFact } from '../machines/facts.ts';
import type { TaskId } from '../machines/identifiers.ts';
import type { Span } from '../machines/prediction.ts';
import { PredictionError, type PredictionRecord } from '../machines/prediction-error.ts';
import { routeClassOf } from '../machines/route-class.ts';
import type { LiveTask } from '../machines/task-board.ts';
import type { TaskTicket } from '../machines/task-ticket.ts';
import type { CurrentConfig } from './current-config.ts';
import { ticketOfRow } from './delegation.ts';
import type { Engine } from './engine.ts';
import { type Foretold, type PredictionView, predictionView } from './prediction-view.ts';
import { finishAfter, QueueForecast, remainingOf, type Waiting } from './queue-forecast.ts';

/** What predicting needs of the runtime. */
export interface PredictionPorts {
  readonly store: Pick<Store, 'task'>;
  readonly clock: Clock;
  readonly config: CurrentConfig;
  readonly engine: Pick<Engine, 'pool' | 'readiness' | 'stream'>;
}

/** The queue is looked through once a second at most, however many ask. */
const freshMs = 1_000;

/** Predictions made at acceptance that wait for their tasks to end, so that it is known how good they were: some 2 MB. */
const notedMax = 10_000;

interface Noted extends Span {
  readonly madeAtMs: number;
}

interface Latest {
  /** `null` while nothing is handed out. */
  readonly forecast: QueueForecast | null;
  readonly madeAtMs: number;
}

/** When tasks will start and finish. Nothing is computed unless somebody asks. */
export class Predictions {
  readonly #ports: PredictionPorts;
  readonly #noted = new Map<TaskId, Noted>();
  readonly #error = new PredictionError();
  /** When the lease of each task was begun, by the clock that only grows. They go with the leases. */
  readonly #begunMs = new WeakMap<object, number>();
  #lastSeq: number;
  #latest: Latest | undefined;

  /** @param lastSeq of the task that was accepted last, ever */
  constructor(ports: PredictionPorts, lastSeq: number) {
    this.#ports = ports;
    this.#lastSeq = lastSeq;
    ports.engine.stream.subscribe((committed) => this.#hear(committed));
  }

  /** Tasks that the pool takes in at this moment. */
  arrive(tickets: readonly TaskTicket[]): void {
    const fresh = this.#fresh(this.#ports.clock.monotonic());
    for (const ticket of tickets) {
      this.#lastSeq = Math.max(this.#lastSeq, ticket.seq);
      if (ticket.delayMs === 0) fresh?.forecast?.arrive(ticket);
    }
  }

  /** `null` for a task that has ended, and where nothing is known. */
  of(row: TaskRow): PredictionView | null {
    return this.#view(this.#ofRow(row));
  }

  /**
   * Of a task that has just been accepted. It is remembered, and compared with what comes.
   *
   * @returns `null` for a task that has ended or is not known, and where nothing is known
   */
  atAcceptance(taskId: TaskId): PredictionView | null {
    const live = this.#ports.engine.pool.board.get(taskId);
    let foretold: Foretold | null = null;
    if (live !== undefined && isAtWork(live)) foretold = this.#ofRun(live);
    else if (live?.waiting === true) foretold = this.#ofWaiting(waiting(live));
    else {
      const row = this.#ports.store.task(taskId);
      if (row === undefined) return null;
      foretold = this.#ofRow(row);
      // Of a task that waits for its time, most of what is foretold is that time.
      if (row.runAtMs !== null) return this.#view(foretold);
    }
    if (foretold?.finish != null) this.#note(taskId, foretold.finish);
    return this.#view(foretold);
  }

  #note(taskId: TaskId, { p50Ms, p90Ms }: Span): void {
    if (this.#noted.size >= notedMax || this.#noted.has(taskId)) return;
    this.#noted.set(taskId, { p50Ms, p90Ms, madeAtMs: this.#ports.clock.monotonic() });
  }

  /** How good the predictions of ends were that were made at acceptance; `null` before the first has come true. */
  record(): PredictionRecord | null {
    return this.#error.summary();
  }

  #view(foretold: Foretold | null): PredictionView | null {
    return foretold && predictionView(foretold, this.#ports.clock.now());
  }

  #ofRow(row: TaskRow): Foretold | null {
    const { clock, config, engine } = this.#ports;
    const live = engine.pool.board.get(row.taskId as TaskId);
    if (live !== undefined && isAtWork(live)) return this.#ofRun(live);
    if (row.status !== 'pending') return null;
    if (live?.waiting === true) return this.#ofWaiting(waiting(live));
    const nowMs = clock.now();
    const task = live === undefined ? asleep(ticketOfRow(row, config, nowMs)) : waiting(live);
    const foretold = this.#ofWaiting(task);
    const inMs = row.runAtMs === null ? 0 : row.runAtMs - nowMs;
    return foretold !== null && inMs > 0 ? notBefore(foretold, inMs) : foretold;
  }

  #ofWaiting(task: Waiting): Foretold | null {
    const nowMs = this.#ports.clock.monotonic();
    const expected = this.#forecastAt(nowMs)?.expect(task) ?? null;
    if (expected === null) return null;
    const { place, start, finish, basis } = expected;
    return { place, start: fromNow(start, nowMs), finish: finish && fromNow(finish, nowMs), basis };
  }

  #ofRun(task: LiveTask): Foretold | null {
    const elapsedMs = this.#elapsedMs(task);
    const left = remainingOf(this.#ports.engine.pool, task, elapsedMs);
    if (left === null) return null;
    const start = { p50Ms: -elapsedMs, p90Ms: -elapsedMs };
    return { place: null, start, finish: left, basis: left };
  }

  #fresh(nowMs: number): Latest | undefined {
    return this.#latest !== undefined && nowMs - this.#latest.madeAtMs < freshMs ? this.#latest : undefined;
  }

  #forecastAt(nowMs: number): QueueForecast | null {
    const fresh = this.#fresh(nowMs);
    if (fresh !== undefined) return fresh.forecast;
    const { engine, clock } = this.#ports;
    const isRunning = engine.readiness().pool === 'running';
    const forecast = isRunning
      ? new QueueForecast({
          pool: engine.pool,
          nowMs,
          wallMs: clock.now(),
          lastSeq: this.#lastSeq,
          elapsedMs: (task) => this.#elapsedMs(task),
        })
      : null;
    this.#latest = { forecast, madeAtMs: nowMs };
    return forecast;
  }

  #elapsedMs({ lease }: LiveTask): number {
    const begunMs = lease === null ? undefined : this.#begunMs.get(lease);
    return begunMs === undefined ? 0 : this.#ports.clock.monotonic() - begunMs;
  }

  #hear({ fact }: CommittedFact): void {
    switch (fact.type) {
      case 'task.assigned': {
        const lease = this.#ports.engine.pool.board.get(fact.taskId)?.lease;
        if (lease?.assignmentId === fact.assignmentId)
          this.#begunMs.set(lease, this.#ports.clock.monotonic());
        return;
      }
      case 'task.completed': {
        const noted = this.#noted.get(fact.taskId);
        // An answer that was at hand tells nothing of how well a run was foretold.
        if (noted === undefined) return;
        if (fact.usage.doneReason !== 'cached') {
          this.#error.note(noted, this.#ports.clock.monotonic() - noted.madeAtMs);
        }
        this.#noted.delete(fact.taskId);
        return;
      }
      case 'task.failed':
      case 'task.cancelled':
        this.#noted.delete(fact.taskId);
        return;
      case 'task.accepted':
      case 'task.reprioritized':
      case 'task.retried':
      case 'worker.changed':
      case 'worker.readmitted':
      case 'worker.enrolled':
      case 'worker.retired':
      case 'worker.rated':
      case 'worker.reported_late':
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
}

function isAtWork({ lease }: LiveTask): boolean {
  return lease !== null;
}

function waiting(live: LiveTask): Waiting {
  const { priority, sinceMs, seq, demand, routeClass } = live;
  return { live, priority, sinceMs, seq, demand, routeClass };
}

/** A task that waits as a row. */
function asleep(ticket: TaskTicket): Waiting {
  const { priority, sinceMs, seq } = ticket;
  return { live: undefined, priority, sinceMs, seq, demand: ticket, routeClass: routeClassOf(ticket) };
}

/** What should have come already comes at any moment. */
function fromNow({ p50Ms, p90Ms }: Span, nowMs: number): Span {
  return { p50Ms: Math.max(0, p50Ms - nowMs), p90Ms: Math.max(0, p90Ms - nowMs) };
}

/** A task that waits for a time first, and for a worker then. */
function notBefore({ start, finish, basis }: Foretold, inMs: number): Foretold {
  if (start === null) return { place: null, start, finish, basis };
  const later = { p50Ms: Math.max(inMs, start.p50Ms), p90Ms: Math.max(inMs, start.p90Ms) };
  const isLater = later.p50Ms > start.p50Ms;
  return { place: null, start: later, finish: isLater && basis ? finishAfter(later, basis) : finish, basis };
}
