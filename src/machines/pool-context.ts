import type { ActorRef, Snapshot } from 'xstate';
import type { DurationBook } from './duration-book.ts';
import type { PoolEvent } from './pool-events.ts';
import type { PredictionError } from './prediction-error.ts';
import type { BreakerPolicy, HostConfig, RoutingPolicy } from './routing-policy.ts';
import type { Shortage, TaskBoard, TaskRef } from './task-board.ts';
import type { TaskInput } from './task-events.ts';
import type { WorkerRoster } from './worker-roster.ts';
import type { WorkerSpec } from './worker-spec.ts';
import type { Admission } from './worker-state.ts';

/** What the pool needs of its host. */
export interface PoolPorts {
  /** Starts the actor of a task as a child of the pool, beside its snapshot. */
  readonly spawnTask: (pool: PoolRef, seat: number, input: TaskInput, onDone: () => void) => TaskRef;
  /** Asks for a `pool.turn` at the end of this turn of the event loop. Asking twice is asking once. */
  readonly wantTurn: () => void;
  /** Asks for rows that wait behind the window, by `pool.activate`, after the next commit. */
  readonly wantRows: (shortages: readonly Shortage[]) => void;
}

export type PoolRef = ActorRef<Snapshot<unknown>, PoolEvent>;

/** What the configuration says of the pool's decisions. Replaced as a whole: each decision is made under one version. */
export interface PoolPolicy {
  /** Counts the configurations of this process from 1. */
  readonly version: number;
  readonly routing: RoutingPolicy;
  readonly breaker: BreakerPolicy;
  readonly hosts: readonly HostConfig[];
  /** Leases in all at once. */
  readonly leasesMax: number;
  /** Workers that take work at the same time: at least and at most so many. */
  readonly workersMin: number;
  readonly workersMax: number;
  /** Shares of busy slots, 0 to 1, at which a worker in reserve is activated, and rests again. */
  readonly scaleUp: number;
  readonly scaleDown: number;
  /** Backoff of transient failures; how often is up to each task. */
  readonly backoff: { readonly delayMsBase: number; readonly delayMsMax: number };
  /** Models that stand in for one that fails, in their order. */
  readonly fallbackChain: readonly string[];
  /** The context that the model file gives a model, in tokens. */
  readonly numCtxOf: (model: string) => number | null;
}

/** A worker, and what a former process left it in. */
export interface Enrolment {
  readonly spec: WorkerSpec;
  readonly admission: Admission;
}

export interface PoolInput {
  readonly workers: readonly Enrolment[];
  readonly policy: PoolPolicy;
  /** What is known of durations. */
  readonly book: DurationBook;
  /** Waiting tasks that live as actors. */
  readonly admissionWindow: number;
  /** The first fencing token to give out: above all that were ever given out. */
  readonly nextAssignment: number;
  /** What runs when a drain begins may take this long, in ms; then it goes back to the queue. */
  readonly drainGraceMs: number;
  /** Whether a former process was paused, and nobody has resumed it. */
  readonly isPaused: boolean;
  readonly ports: PoolPorts;
}

/** The registries beside the snapshot are changed in place by the actions of this machine. */
export interface PoolContext
  extends Pick<PoolInput, 'policy' | 'book' | 'drainGraceMs' | 'isPaused' | 'ports'> {
  readonly board: TaskBoard;
  readonly roster: WorkerRoster;
  readonly predictionError: PredictionError;
}
