import type { AssignmentId, WorkerId } from '../machines/identifiers.ts';
import type { HostView } from '../machines/placement.ts';
import type { ForecastSlot } from '../machines/slot-times.ts';
import type { HeldLease, RosterEntry } from '../machines/worker-roster.ts';

/** The slots of all workers, as a forecast wants them. */
export interface PoolSlots {
  readonly slots: readonly ForecastSlot[];
  /** Indexes of the slots that a worker fills again when they are free. */
  readonly ofWorker: ReadonlyMap<WorkerId, readonly number[]>;
}

type FreeIn = ForecastSlot['freeIn'];

const free: FreeIn = { meanMs: 0, varianceMs2: 0 };

/**
 * Lists what runs, and what is free. A worker with more at work than it has slots by now fills only those again that are
 * free last, and a machine with a limit of its own has no more free slots than that leaves.
 *
 * @param remaining until a lease ends
 */
export function poolSlots(
  workers: Iterable<RosterEntry>,
  remaining: (entry: RosterEntry, assignmentId: AssignmentId, lease: HeldLease) => FreeIn,
): PoolSlots {
  const slots: ForecastSlot[] = [];
  const ofWorker = new Map<WorkerId, number[]>();
  const idle: { readonly entry: RosterEntry; readonly own: number[]; left: number }[] = [];
  const nextOnHost = new Map<HostView, FreeIn>();
  for (const entry of workers) {
    const { workerId } = entry;
    const busy = [...entry.leases].map(([id, lease]) => {
      const freeIn = remaining(entry, id, lease);
      const known = nextOnHost.get(lease.endpoint.host);
      if (known === undefined || freeIn.meanMs < known.meanMs) nextOnHost.set(lease.endpoint.host, freeIn);
      return freeIn;
    });
    busy.sort((a, b) => b.meanMs - a.meanMs);
    const own: number[] = [];
    ofWorker.set(workerId, own);
    for (const freeIn of busy) {
      const at = slots.push({ workerId, freeIn }) - 1;
      if (own.length < entry.slots) own.push(at);
    }
    idle.push({ entry, own, left: entry.slots - busy.length });
  }
  const rooms = new Map<HostView, number>();
  for (const { entry } of idle) {
    const { host } = entry;
    if (host.slotsMax !== null) rooms.set(host, Math.max(0, host.slotsMax - host.used));
  }
  fillUp(idle, rooms, (workerId) => slots.push({ workerId, freeIn: free }) - 1);
  // The machine of the others is full. Their turn comes when something ends there.
  for (const { entry, own } of idle) {
    if (own.length > 0 || entry.slots === 0) continue;
    own.push(slots.push({ workerId: entry.workerId, freeIn: nextOnHost.get(entry.host) ?? free }) - 1);
  }
  return { slots, ofWorker };
}

/** One slot to each worker in turn, as long as its machine has room. */
function fillUp(
  idle: readonly { readonly entry: RosterEntry; readonly own: number[]; left: number }[],
  rooms: Map<HostView, number>,
  addSlot: (workerId: WorkerId) => number,
): void {
  for (let added = true; added; ) {
    added = false;
    for (const worker of idle) {
      const { entry, own } = worker;
      const room = rooms.get(entry.host) ?? Number.POSITIVE_INFINITY;
      if (worker.left <= 0 || room <= 0) continue;
      worker.left -= 1;
      rooms.set(entry.host, room - 1);
      own.push(addSlot(entry.workerId));
      added = true;
    }
  }
}
