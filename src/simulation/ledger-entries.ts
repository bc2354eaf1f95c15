import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';
import type { Admission, Liveness } from '../machines/worker-state.ts';
import type { Wanted } from './world-events.ts';

/** A task as the facts on disk tell it. */
export interface LedgerTask {
  readonly taskId: TaskId;
  readonly wanted: Wanted;
  priority: number;
  /** Since when it waits, by the wall clock of its acceptance or its start time, epoch ms. */
  readonly sinceMs: number;
  readonly seq: number;
  /** Earliest start, epoch ms; 0 for at once. */
  notBeforeMs: number;
  state: 'waiting' | 'leased' | 'completed' | 'failed' | 'cancelled';
  assignmentId: AssignmentId | null;
  workerId: WorkerId | null;
  leases: number;
  failures: number;
  fallbacks: number;
  /** The seqs of all its facts. */
  readonly seqs: number[];
  acceptedMs: number;
  firstLeaseMs: number | null;
  endedMs: number | null;
  /** By the wall clock, epoch ms. */
  endedAtMs: number | null;
  isMoved: boolean;
  /** It asked for a start time. */
  readonly isScheduled: boolean;
}

export interface LedgerWorker {
  liveness: Liveness;
  admission: Admission;
  isRetired: boolean;
  /** An operator has sent it home, and nobody has called it back. */
  isSentHome: boolean;
  lastBeatMs: number | null;
  readonly leases: Set<AssignmentId>;
}

export interface LedgerRun {
  readonly taskId: TaskId;
  readonly workerId: WorkerId;
  readonly beganMs: number;
}

export function isEnded({ state }: Pick<LedgerTask, 'state'>): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

/** Whether the retention may have deleted it: it was completed before that moment, epoch ms. */
export function mayBeGone({ state, endedAtMs }: LedgerTask, forgottenBeforeMs: number): boolean {
  return state === 'completed' && endedAtMs !== null && endedAtMs < forgottenBeforeMs;
}
