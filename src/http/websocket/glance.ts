import type { Runtime } from '../../runtime.ts';
import type { DoorClock } from './outbox.ts';

type Workers = ReturnType<Runtime['workers']>;

/** What a client sees of the pool at a glance. */
export interface Seen {
  /** All that happened up to here is in it; perhaps more. */
  readonly seq: number;
  readonly stats: { readonly tasks: Readonly<Record<string, number>>; readonly workers: WorkerTotals };
  readonly activeWorkers: readonly object[];
  readonly activeTasks: readonly object[];
}

interface WorkerTotals {
  readonly total_workers: number;
  readonly busy_workers: number;
  readonly idle_workers: number;
  readonly total_completed: number;
  readonly total_failed: number;
}

/** What one look is good for, in ms: after a restart all clients come back at once, and all want to see the same. */
const freshMs = 1_000;
/** Running and waiting tasks that are shown to who comes in. */
const activeTasksMax = 50;

/** Looks at the pool, once for all who ask within a second. */
export class Glance {
  readonly #runtime: Runtime;
  readonly #clock: DoorClock;
  #last: { readonly atMs: number; readonly seen: Promise<Seen> } | undefined;

  constructor(runtime: Runtime, clock: DoorClock) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  /** @throws KoubouError `rate.limited` when too many reads wait */
  take(): Promise<Seen> {
    const atMs = this.#clock.monotonic();
    if (this.#last !== undefined && atMs - this.#last.atMs < freshMs) return this.#last.seen;
    const look = { atMs, seen: this.#look() };
    this.#last = look;
    look.seen.catch(() => {
      if (this.#last === look) this.#last = undefined;
    });
    return look.seen;
  }

  async #look(): Promise<Seen> {
    const runtime = this.#runtime;
    const seq = runtime.lastSeq;
    const workers = runtime.workers();
    const [tasks, active] = await Promise.all([
      runtime.list({ kind: 'counts' }),
      runtime.list({ kind: 'active', limit: activeTasksMax }),
    ]);
    return {
      seq,
      stats: { tasks, workers: totalsOf(workers) },
      activeWorkers: workers
        .filter(({ status }) => status !== 'offline')
        .map(({ worker_id, status, current_task }) => ({ worker_id, status, current_task })),
      activeTasks: active.map(({ task_id, summary, type, status, assigned_to, priority, created_at }) => {
        return { task_id, summary, type, status, assigned_to, priority, created_at };
      }),
    };
  }
}

function totalsOf(workers: Workers): WorkerTotals {
  const count = (status: string) => workers.filter((worker) => worker.status === status).length;
  return {
    total_workers: workers.length,
    busy_workers: count('busy'),
    idle_workers: count('idle'),
    total_completed: workers.reduce((sum, { tasks_completed }) => sum + tasks_completed, 0),
    total_failed: workers.reduce((sum, { tasks_failed }) => sum + tasks_failed, 0),
  };
}
