import type { ActorRef, Snapshot } from 'xstate';
import { type AssignmentId, assignmentId, type TaskId, type WorkerId } from './identifiers.ts';
import type { WorkerView } from './routing.ts';
import type { WorkerCommand, WorkerSpec } from './worker-machine.ts';
import type { Admission, Liveness } from './worker-state.ts';

export type WorkerRef = ActorRef<Snapshot<unknown>, WorkerCommand>;

/** A worker as the pool sees it. `leases` holds what occupies its slots, until the execution has really ended. */
export class RosterEntry implements WorkerView {
  readonly leases = new Map<AssignmentId, TaskId>();
  readonly #spec: WorkerSpec;
  liveness: Liveness = 'probing';
  admission: Admission;

  constructor(spec: WorkerSpec) {
    this.#spec = spec;
    this.admission = spec.standby ? 'standby' : 'active';
  }

  get workerId(): WorkerId {
    return this.#spec.workerId;
  }
  get location(): 'local' | 'remote' {
    return this.#spec.location;
  }
  get capabilities(): readonly string[] {
    return this.#spec.capabilities;
  }
  get performanceFactor(): number {
    return this.#spec.performanceFactor;
  }
  get slots(): number {
    return this.#spec.slots;
  }
  get used(): number {
    return this.leases.size;
  }
}

/** The pool's workers, and the leases they hold. Changed in place by the pool's actions and by nobody else. */
export class WorkerRoster {
  readonly #entries: ReadonlyMap<WorkerId, RosterEntry>;
  /** Leases in all that may run at once (`pool.max_active_tasks`). */
  readonly #leasesMax: number;
  #nextAssignment: number;

  /** @param nextAssignment the first fencing token: above all that were ever given out */
  constructor(specs: readonly WorkerSpec[], leasesMax: number, nextAssignment: number) {
    this.#entries = new Map(specs.map((spec) => [spec.workerId, new RosterEntry(spec)]));
    this.#leasesMax = leasesMax;
    this.#nextAssignment = nextAssignment;
  }

  /** Takes a slot of a worker for a task, under a new fencing token. */
  lease(entry: RosterEntry, taskId: TaskId): AssignmentId {
    const id = assignmentId(this.#nextAssignment);
    this.#nextAssignment += 1;
    entry.leases.set(id, taskId);
    return id;
  }

  get(id: WorkerId): RosterEntry | undefined {
    return this.#entries.get(id);
  }

  all(): IterableIterator<RosterEntry> {
    return this.#entries.values();
  }

  get leaseCount(): number {
    let count = 0;
    for (const entry of this.#entries.values()) count += entry.used;
    return count;
  }

  /** How many more leases may be given out now, over all workers. */
  get room(): number {
    let free = 0;
    for (const entry of this.#entries.values()) {
      if (entry.liveness === 'alive' && entry.admission !== 'draining') free += entry.slots - entry.used;
    }
    return Math.min(free, this.#leasesMax - this.leaseCount);
  }
}
