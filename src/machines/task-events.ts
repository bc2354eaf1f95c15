import type { ActorRef, Snapshot } from 'xstate';
import type { AssignmentId, TaskId, WorkerId } from './identifiers.ts';
import type { Failure, Outcome } from './outcome.ts';
import type { DispatchReason } from './placement.ts';
import type { RetryPolicy } from './retry.ts';

export interface TaskInput {
  readonly taskId: TaskId;
  readonly pool: ActorRef<Snapshot<unknown>, TaskReport>;
  readonly leases: number;
  readonly failures: number;
  readonly retryPolicy: RetryPolicy;
  /** Models that may stand in for one that fails, in their order. */
  readonly fallbackChain: readonly string[];
  /** How far the chain is used up. */
  readonly fallbacks: number;
}

/** Under which a task is worked at, and with which model. */
export interface TaskLease {
  readonly assignmentId: AssignmentId;
  readonly workerId: WorkerId;
  readonly model: string;
}

export interface TaskContext extends TaskInput {
  readonly lease: TaskLease | null;
  /** Of the state that waits: until its start, or until its next attempt. */
  readonly delayMs: number;
}

export type TaskCommand =
  /** Start no earlier than `delayMs` from now. */
  | { readonly type: 'task.postpone'; readonly delayMs: number }
  | ({ readonly type: 'task.assign'; readonly reason: DispatchReason } & Omit<TaskLease, 'model'>)
  /** No worker can ever take it. */
  | { readonly type: 'task.refuse'; readonly failure: Failure }
  /** The lease is on disk and the worker has the job. */
  | { readonly type: 'task.start' }
  /** The attempt has ended. The sender has checked the fencing token. `draw` is uniform in [0, 1). */
  | {
      readonly type: 'task.settle';
      readonly outcome: Outcome;
      readonly draw: number;
      readonly elapsedMs: number;
    }
  | { readonly type: 'task.reprioritize'; readonly priority: number }
  | { readonly type: 'task.cancel' };

/** What a task tells its pool: it may be given out (again); with which model in place of its own, if any. */
export type TaskReport = {
  readonly type: 'task.ready';
  readonly taskId: TaskId;
  readonly fallbackModel: string | null;
};
