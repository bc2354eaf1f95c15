import type { WorkerView } from '../../runtime/worker-view.ts';
import type { LiveEvent } from './live-event.ts';

/** Facts kept while a snapshot is under way; beyond, another snapshot is cheaper than their order. */
const meanwhileMax = 5_000;

/** What facts have done to a board. */
export interface Heard {
  readonly hasChanged: boolean;
  /** They told of something that only a snapshot shows, or some are missing. */
  readonly isStale: boolean;
}

/**
 * The workers as they are now: a snapshot, and the facts since. A fact is told after its commit, so a snapshot may know it
 * already: each leaves the same state behind, however often and however late it is heard.
 */
export class WorkerBoard {
  #workers = new Map<string, WorkerView>();
  /** Since when a task is in somebody's hands, as far as facts told. */
  readonly #since = new Map<string, string>();
  #meanwhile: LiveEvent[] | null = null;
  #lastSeq: number | null = null;

  /** Local ones before remote ones, and by name among them. */
  get workers(): readonly WorkerView[] {
    return [...this.#workers.values()];
  }

  /** When a worker got a task, ISO 8601; nothing of what it had before anybody looked. */
  sinceOf(taskId: string): string | undefined {
    return this.#since.get(taskId);
  }

  /** A snapshot is asked for: what happens from now on may not be in it. */
  expect(): void {
    this.#meanwhile = [];
  }

  /** The snapshot is there. @returns false when too much happened meanwhile to be made up for */
  begin(workers: readonly WorkerView[]): boolean {
    const meanwhile = this.#meanwhile ?? [];
    this.#meanwhile = null;
    this.#workers = new Map(workers.toSorted(byPlace).map((worker) => [worker.worker_id, worker]));
    for (const event of meanwhile) this.#take(event);
    const held = new Set([...this.#workers.values()].flatMap(({ current_tasks }) => current_tasks));
    for (const taskId of this.#since.keys()) if (!held.has(taskId)) this.#since.delete(taskId);
    return meanwhile.length <= meanwhileMax;
  }

  hear(events: readonly LiveEvent[]): Heard {
    let [hasChanged, isStale] = [false, false];
    for (const event of events) {
      if (this.#meanwhile !== null && this.#meanwhile.length <= meanwhileMax) this.#meanwhile.push(event);
      if (this.#lastSeq !== null && event.seq > this.#lastSeq + 1) isStale = true;
      this.#lastSeq = Math.max(this.#lastSeq ?? 0, event.seq);
      if (this.#take(event)) hasChanged = true;
      if (isOfStaff(event)) isStale = true;
    }
    return { hasChanged, isStale };
  }

  #take(event: LiveEvent): boolean {
    switch (event.type) {
      case 'task_update':
        return this.#takeLease(event);
      case 'worker_update':
        return this.#takeWorker(event);
      case 'system_event':
        return false;
    }
  }

  #takeLease({ task_id: taskId = '', timestamp, details }: LiveEvent): boolean {
    const worker = this.#workers.get(String(details['worker_id']));
    const begins = details.event === 'task.assigned';
    if (begins) this.#since.set(taskId, timestamp);
    else if (details.event !== 'task.accepted' && details.event !== 'task.reprioritized')
      this.#since.delete(taskId);
    else return false;
    if (worker === undefined || worker.current_tasks.includes(taskId) === begins) return false;
    const tasks = begins
      ? [...worker.current_tasks, taskId]
      : worker.current_tasks.filter((held) => held !== taskId);
    this.#set({ ...worker, current_tasks: tasks, current_task: tasks[0] ?? null, leases: tasks.length });
    return true;
  }

  #takeWorker({ worker_id: workerId = '', status, details }: LiveEvent): boolean {
    const worker = this.#workers.get(workerId);
    if (worker === undefined) return false;
    const to = details['to'];
    const isReadmitted = details.event === 'worker.readmitted' && typeof to === 'string';
    const next = {
      ...worker,
      status: status ?? worker.status,
      admission: isReadmitted ? (to as WorkerView['admission']) : worker.admission,
    };
    if (next.status === worker.status && next.admission === worker.admission) return false;
    this.#set(next);
    return true;
  }

  #set(worker: WorkerView): void {
    this.#workers.set(worker.worker_id, worker);
  }
}

const staffFacts: ReadonlySet<string | undefined> = new Set([
  'worker.enrolled',
  'worker.retired',
  'worker.rated',
  'endpoint.changed',
  'pool.reconfigured',
  'pool.started',
]);

/** Who works here, and with what: rare, and of more parts than a fact tells. */
function isOfStaff({ details }: LiveEvent): boolean {
  return staffFacts.has(details.event);
}

type Placed = Pick<WorkerView, 'location' | 'worker_id'>;

function byPlace(a: Placed, b: Placed): number {
  if (a.location !== b.location) return a.location < b.location ? -1 : 1;
  return a.worker_id < b.worker_id ? -1 : 1;
}
