import type { ActorRef, Snapshot } from 'xstate';
import { EndpointEntry, HostEntry } from './endpoint-roster.ts';
import { type AssignmentId, assignmentId, type TaskId, type WorkerId } from './identifiers.ts';
import type { RequestKind } from './model-request.ts';
import type { WorkerView } from './placement.ts';
import type { HostConfig } from './routing-policy.ts';
import type { WorkerCommand } from './worker-events.ts';
import type { WorkerSpec } from './worker-spec.ts';
import type { Admission, Liveness } from './worker-state.ts';

export type WorkerRef = ActorRef<Snapshot<unknown>, WorkerCommand>;

export interface HeldLease {
  readonly taskId: TaskId;
  readonly model: string;
  /** Where it runs, to its end: its worker may be sent to another server in the meantime. */
  readonly endpoint: EndpointEntry;
}

/** A worker as the pool sees it. `leases` holds what occupies its slots, until the execution has really ended. */
export class RosterEntry implements WorkerView {
  readonly leases = new Map<AssignmentId, HeldLease>();
  spec: WorkerSpec;
  endpoint: EndpointEntry;
  liveness: Liveness = 'probing';
  admission: Admission;
  /** What was measured corrects what was configured. */
  performanceFactor: number;
  /** Crashes of its actor within the window. */
  crashes = 0;
  /** Crashes ever: names the timer that forgets each. */
  crashSerial = 0;
  /** It takes work only while the load asks for it: by its configuration, or since an operator said so. */
  isReserve: boolean;
  /** It has left the configuration, and goes when its last lease has ended. */
  isLeaving = false;
  leaveDetail = '';

  constructor(spec: WorkerSpec, admission: Admission, endpoint: EndpointEntry) {
    this.spec = spec;
    this.admission = admission;
    this.endpoint = endpoint;
    endpoint.workers += 1;
    this.performanceFactor = spec.performanceFactor;
    // What an operator laid to rest before a restart is in reserve after it, too.
    this.isReserve = spec.standby || admission === 'standby';
  }

  get workerId(): WorkerId {
    return this.spec.workerId;
  }
  get location(): 'local' | 'remote' {
    return this.spec.location;
  }
  get capabilities(): readonly string[] {
    return this.spec.capabilities;
  }
  get requestKinds(): readonly RequestKind[] {
    return this.spec.requestKinds;
  }
  get slots(): number {
    return this.spec.slots;
  }
  get standby(): boolean {
    return this.isReserve;
  }
  /** One that joined with a single model, and did not say so, came for that one. */
  get model(): string | null {
    return this.spec.model ?? (this.spec.joined ? this.endpoint.soleModel : null);
  }
  get tokensMax(): number | null {
    return this.spec.tokensMax;
  }
  get host(): HostEntry {
    return this.endpoint.host;
  }
  get used(): number {
    return this.leases.size;
  }
  /** Whether it takes work when its turn comes. */
  get isOpen(): boolean {
    return this.liveness === 'alive' && this.admission === 'active';
  }
}

/** The pool's workers, and the leases they hold. Changed in place by the pool's actions and by nobody else. */
export class WorkerRoster {
  readonly #entries = new Map<WorkerId, RosterEntry>();
  readonly #endpoints = new Map<string, EndpointEntry>();
  readonly #hosts = new Map<string, HostEntry>();
  /** Leases in all that may run at once (`pool.max_active_tasks`). */
  leasesMax: number;
  #leaseCount = 0;
  #nextAssignment: number;

  /** @param nextAssignment the first fencing token: above all that were ever given out */
  constructor(leasesMax: number, nextAssignment: number) {
    this.leasesMax = leasesMax;
    this.#nextAssignment = nextAssignment;
  }

  /** Enters a worker, or brings what is known of it up to date. */
  enter(spec: WorkerSpec, admission: Admission): RosterEntry {
    const known = this.#entries.get(spec.workerId);
    const endpoint = this.#endpointOf(spec);
    if (known === undefined) {
      const entry = new RosterEntry(spec, admission, endpoint);
      this.#entries.set(spec.workerId, entry);
      return entry;
    }
    if (known.spec.performanceFactor !== spec.performanceFactor) {
      known.performanceFactor = spec.performanceFactor;
    }
    if (known.spec.standby !== spec.standby) known.isReserve = spec.standby;
    known.spec = spec;
    known.isLeaving = false;
    // What is at work stays with the former one.
    known.endpoint.workers -= 1;
    known.endpoint = endpoint;
    endpoint.workers += 1;
    return known;
  }

  /** Forgets a worker, and takes its leases back. */
  remove(entry: RosterEntry): void {
    for (const id of [...entry.leases.keys()]) this.release(entry, id);
    entry.endpoint.workers -= 1;
    this.#entries.delete(entry.workerId);
  }

  /** The limits of hosts that have any. */
  limitHosts(configs: readonly HostConfig[]): void {
    for (const host of this.#hosts.values()) {
      host.slotsMax = null;
      host.memoryBytes = null;
    }
    for (const { host: name, slotsMax, memoryBytes } of configs) {
      Object.assign(this.#hostOf(name), { slotsMax, memoryBytes });
    }
  }

  /** Takes a slot of a worker for a task, under a new fencing token. */
  lease(entry: RosterEntry, taskId: TaskId, model: string): AssignmentId {
    const id = assignmentId(this.#nextAssignment);
    this.#nextAssignment += 1;
    const { endpoint } = entry;
    entry.leases.set(id, { taskId, model, endpoint });
    endpoint.begin(model);
    this.#leaseCount += 1;
    return id;
  }

  /** Gives a slot back; false when it was not taken under this token. */
  release(entry: RosterEntry, id: AssignmentId): boolean {
    const lease = entry.leases.get(id);
    if (lease === undefined) return false;
    entry.leases.delete(id);
    lease.endpoint.end(lease.model);
    this.#leaseCount -= 1;
    return true;
  }

  get(id: WorkerId): RosterEntry | undefined {
    return this.#entries.get(id);
  }

  all(): IterableIterator<RosterEntry> {
    return this.#entries.values();
  }

  endpoint(name: string): EndpointEntry | undefined {
    return this.#endpoints.get(name);
  }

  endpoints(): IterableIterator<EndpointEntry> {
    return this.#endpoints.values();
  }

  hosts(): IterableIterator<HostEntry> {
    return this.#hosts.values();
  }

  /** Workers that take work when their turn comes. */
  get openCount(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.isOpen) count += 1;
    return count;
  }

  get leaseCount(): number {
    return this.#leaseCount;
  }

  /** How many more leases may be given out now, over all workers and at most. */
  get room(): number {
    const freeAt = new Map<HostEntry, number>();
    for (const { isOpen, slots, used, host } of this.#entries.values()) {
      if (isOpen && used < slots) freeAt.set(host, (freeAt.get(host) ?? 0) + slots - used);
    }
    let free = 0;
    for (const [host, slots] of freeAt) free += Math.min(slots, host.room);
    return Math.max(0, Math.min(free, this.leasesMax - this.#leaseCount));
  }

  #endpointOf({ endpoint: name, host: hostName }: WorkerSpec): EndpointEntry {
    const host = this.#hostOf(hostName);
    let entry = this.#endpoints.get(name);
    if (entry === undefined) {
      entry = new EndpointEntry(name, host);
      this.#endpoints.set(name, entry);
    } else if (entry.host !== host) {
      entry.moveTo(host);
    }
    return entry;
  }

  #hostOf(name: string): HostEntry {
    let entry = this.#hosts.get(name);
    if (entry === undefined) {
      entry = new HostEntry(name);
      this.#hosts.set(name, entry);
    }
    return entry;
  }
}
