import type { AssignmentId, WorkerId } from '../machines/identifiers.ts';
import type { WorldEvent } from './world-events.ts';

/** A worker that joins, as the world has seen it. */
export interface LedgerJoined {
  slots: number;
  performanceFactor: number;
  /** The connection that the pool speaks to it over. */
  link: LedgerLink | null;
  /** The process that was the last to be taken in. */
  instance: string | null;
  /** Processes of that name that live. */
  readonly living: Set<string>;
  /** Leases that its processes were told to begin. */
  readonly told: Set<AssignmentId>;
  /** It was cut off in one direction once, and has not brought a late result since. */
  wasHalfOpen: boolean;
}

export interface LedgerLink {
  readonly connection: number;
  readonly instance: string;
  heardMs: number;
}

/** What the world amounts to between the pool and workers that join it. */
export class LedgerLinks {
  readonly joined = new Map<WorkerId, LedgerJoined>();
  /** Processes that speak another version of the protocol. */
  readonly outdated = new Set<string>();

  /** The link that an event came over, where it is the one that counts. */
  linkOf({ workerId, connection }: { workerId: WorkerId; connection: number }): LedgerLink | undefined {
    const link = this.joined.get(workerId)?.link;
    return link?.connection === connection ? link : undefined;
  }

  apply(event: WorldEvent, nowMs: number): void {
    switch (event.type) {
      case 'joiner.began': {
        const { workerId, instance, slots, performanceFactor } = event;
        const joined = this.#joinedOf(workerId);
        Object.assign(joined, { slots, performanceFactor });
        joined.living.add(instance);
        if (event.isOutdated) this.outdated.add(instance);
        return;
      }
      case 'joiner.ended':
        this.#joinedOf(event.workerId).living.delete(event.instance);
        return;
      case 'link.opened': {
        const { connection, instance } = event;
        const link = { connection, instance, heardMs: nowMs };
        Object.assign(this.#joinedOf(event.workerId), { link, instance });
        return;
      }
      case 'link.closed':
        if (this.linkOf(event) !== undefined) this.#joinedOf(event.workerId).link = null;
        return;
      case 'link.heard': {
        const link = this.linkOf(event);
        if (link !== undefined) link.heardMs = nowMs;
        return;
      }
      case 'link.told':
        if (event.frame === 'run') this.#joinedOf(event.workerId).told.add(event.assignmentId);
        return;
      case 'fault': {
        if (event.name !== 'link.half_open') return;
        const [name] = event.detail.split(' ');
        const joined = this.joined.get(name as WorkerId);
        if (joined !== undefined) joined.wasHalfOpen = true;
        return;
      }
      case 'fact': {
        const { fact } = event.committed;
        const joined = fact.type === 'worker.reported_late' ? this.joined.get(fact.workerId) : undefined;
        if (joined !== undefined) joined.wasHalfOpen = false;
        return;
      }
      case 'process.died':
      case 'process.stopped':
        for (const joined of this.joined.values()) joined.link = null;
        return;
      default:
    }
  }

  #joinedOf(id: WorkerId): LedgerJoined {
    const known = this.joined.get(id);
    if (known !== undefined) return known;
    const fresh: LedgerJoined = {
      slots: 0,
      performanceFactor: 1,
      link: null,
      instance: null,
      living: new Set(),
      told: new Set(),
      wasHalfOpen: false,
    };
    this.joined.set(id, fresh);
    return fresh;
  }
}
