import type { ActorRef, Snapshot } from 'xstate';
import type { PoolEvent } from './pool-events.ts';
import type { RoutingPolicy } from './routing-policy.ts';
import type { Shortage, TaskBoard, TaskRef } from './task-board.ts';
import type { TaskInput } from './task-machine.ts';
import type { WorkerSpec } from './worker-machine.ts';
import type { WorkerRoster } from './worker-roster.ts';

/** What the pool needs of its host. */
export interface PoolPorts {
  /** Starts the actor of a task as a child of the pool, beside its snapshot. */
  readonly spawnTask: (pool: PoolRef, seat: number, input: TaskInput) => TaskRef;
  /** Asks for a `pool.turn` at the end of this turn of the event loop. Asking twice is asking once. */
  readonly wantTurn: () => void;
  /** Asks for rows that wait behind the window, by `pool.activate`, after the next commit. */
  readonly wantRows: (shortages: readonly Shortage[]) => void;
}

export type PoolRef = ActorRef<Snapshot<unknown>, PoolEvent>;

export interface PoolInput {
  readonly workers: readonly WorkerSpec[];
  readonly routing: RoutingPolicy;
  /** Waiting tasks that live as actors. */
  readonly admissionWindow: number;
  /** Leases in all at once. */
  readonly leasesMax: number;
  /** The first fencing token to give out: above all that were ever given out. */
  readonly nextAssignment: number;
  /** What runs when a drain begins may take this long, in ms; then it goes back to the queue. */
  readonly drainGraceMs: number;
  /** Backoff of transient failures; how often is up to each task. */
  readonly backoff: { readonly delayMsBase: number; readonly delayMsMax: number };
  readonly ports: PoolPorts;
}

/** The board and the roster are registries beside the snapshot, changed in place by the actions of this machine. */
export interface PoolContext extends Omit<PoolInput, 'admissionWindow' | 'nextAssignment'> {
  readonly board: TaskBoard;
  readonly roster: WorkerRoster;
}
