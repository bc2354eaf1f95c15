import type { AssignmentId, TaskId, WorkerId } from './identifiers.ts';
import type { Failure, Outcome, Usage } from './outcome.ts';
import type { DispatchReason } from './routing.ts';
import type { Liveness } from './worker-state.ts';

/**
 * What happened: the one vocabulary of the system. Commands are imperative and live with the machine that takes them;
 * facts are past tense, go up and out through the one stream, and are told to nobody before their commit.
 * The grammar of a task: `accepted (assigned (retried))* (completed | failed | cancelled)`.
 */
export type Fact = TaskFact | WorkerFact | PoolFact;

/** What a client asked for, as it is kept. Times in ms. */
export interface AcceptedTask {
  readonly taskId: TaskId;
  /** Place in the order of acceptance; only grows. */
  readonly seq: number;
  readonly prompt: string;
  readonly taskType: string;
  readonly priority: number;
  /** Earliest start (epoch ms), `null` for now. */
  readonly runAtMs: number | null;
  readonly metadata: TaskMetadata;
}

/** The parts of a delegation that nobody searches by; one JSON column. */
export interface TaskMetadata {
  readonly files: readonly string[];
  readonly output_file: string | null;
  /** As the client sent it: timeout (s), model, temperature, num_ctx, retry_count, … */
  readonly options: Readonly<Record<string, unknown>>;
  readonly created_by: string;
  /** The task that this one tries again. */
  readonly retry_of?: TaskId;
}

export type TaskFact = AcceptedFact | RecordedTaskFact;

/** Durable, and waiting. The journal writes it with the row itself. */
export interface AcceptedFact {
  readonly type: 'task.accepted';
  readonly taskId: TaskId;
  readonly task: AcceptedTask;
}

/** What actors say has happened. */
export type RecordedFact = RecordedTaskFact | WorkerFact | PoolFact;

export type RecordedTaskFact =
  /** Leased to a worker under a new fencing token. */
  | {
      readonly type: 'task.assigned';
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly workerId: WorkerId;
      /** 1 for the first lease. */
      readonly lease: number;
      readonly reason: DispatchReason;
    }
  /** The lease ended without an ending of the task; it waits again, from `delayMs` after this fact on. */
  | {
      readonly type: 'task.retried';
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly workerId: WorkerId;
      readonly failure: Failure;
      readonly delayMs: number;
      /** Failures so far, this one included where it counts. */
      readonly failures: number;
    }
  | {
      readonly type: 'task.completed';
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly workerId: WorkerId;
      readonly output: string;
      readonly usage: Usage;
    }
  | {
      readonly type: 'task.failed';
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId | null;
      readonly workerId: WorkerId | null;
      readonly failure: Failure;
    }
  | {
      readonly type: 'task.cancelled';
      readonly taskId: TaskId;
      /** The state that it was in. */
      readonly from: 'queued' | 'scheduled' | 'backingOff' | 'running';
      readonly assignmentId: AssignmentId | null;
      readonly workerId: WorkerId | null;
    };

export type WorkerFact =
  | {
      readonly type: 'worker.changed';
      readonly workerId: WorkerId;
      readonly from: Liveness;
      readonly to: Liveness;
      /** Why, in one sentence; empty when it came alive. */
      readonly detail: string;
    }
  /** A result that came after its lease had ended: on record, and without effect. */
  | {
      readonly type: 'worker.reported_late';
      readonly workerId: WorkerId;
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly outcome: Outcome['kind'];
    };

export type PoolFact =
  | { readonly type: 'pool.started'; readonly recovered: number; readonly waiting: number }
  | { readonly type: 'pool.paused' }
  | { readonly type: 'pool.resumed' }
  | { readonly type: 'pool.draining'; readonly leases: number }
  | { readonly type: 'pool.stopped' }
  /** The disk works again; nothing could be written for so long. */
  | { readonly type: 'journal.resumed'; readonly stalledMs: number };

/** The facts after which nothing more happens to a task. */
export function isEnding(fact: Fact): boolean {
  return fact.type === 'task.completed' || fact.type === 'task.failed' || fact.type === 'task.cancelled';
}

/** A fact with its place in the stream: on disk, and so fit to be told. */
export interface CommittedFact<F extends Fact = Fact> {
  /** Global and gap-free. */
  readonly seq: number;
  readonly atMs: number;
  readonly fact: F;
}
