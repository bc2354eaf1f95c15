import type { InspectedMachine } from './chart-machines.ts';
import type { AssignmentId, TaskId, WorkerId } from './identifiers.ts';
import type { ModelReply, ModelRequest } from './model-request.ts';
import type { Failure, Outcome, Usage } from './outcome.ts';
import type { DispatchReason } from './placement.ts';
import type { Admission, Breaker, Liveness } from './worker-state.ts';

/**
 * What happened: the one vocabulary of the system. Commands are imperative and live with the machine that takes them;
 * facts are past tense, go up and out through the one stream, and are told to nobody before their commit.
 * The grammar of a task: `accepted (assigned (retried))* (completed | failed | cancelled)`, with any number of `reprioritized` before the ending.
 */
export type Fact = TaskFact | WorkerFact | EndpointFact | PoolFact | ActorFact;

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
  /** What a client of a model's own interface asked for, beside the prompt. */
  readonly request?: ModelRequest;
  /** The task that this one tries again. */
  readonly retry_of?: TaskId;
  /** Earliest start that was asked for, epoch ms: from then on it waits. */
  readonly not_before?: number;
  /** The span that it was asked for under, as W3C `traceparent` and `tracestate`: its attempts belong there. */
  readonly trace?: string;
  readonly trace_state?: string;
  /** The `X-Request-Id` that its client gave the request. */
  readonly request_id?: string;
  /** Size of the prompt with the files it names: characters, and tokens as estimated. */
  readonly size?: { readonly chars: number; readonly tokens: number };
}

/** Where a task may be that has not ended. */
export type LivingState = 'queued' | 'scheduled' | 'backingOff' | 'running';

export type TaskFact = AcceptedFact | RecordedTaskFact;

/** Durable, and waiting. The journal writes it with the row itself. */
export interface AcceptedFact {
  readonly type: 'task.accepted';
  readonly taskId: TaskId;
  readonly task: AcceptedTask;
}

/** What actors say has happened. */
export type RecordedFact = RecordedTaskFact | WorkerFact | EndpointFact | PoolFact | ActorFact;

export type RecordedTaskFact =
  /** Leased to a worker under a new fencing token. */
  | {
      readonly type: 'task.assigned';
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly workerId: WorkerId;
      readonly model: string;
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
      /** How far the chain of models that may stand in is used up. */
      readonly fallbacks: number;
    }
  /** Somebody moved it to another place in the queue; of one that runs it counts from its next attempt on. */
  | {
      readonly type: 'task.reprioritized';
      readonly taskId: TaskId;
      /** The state that it was in, and is in. */
      readonly from: LivingState;
      readonly priority: number;
    }
  | {
      readonly type: 'task.completed';
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly workerId: WorkerId;
      readonly model: string;
      readonly output: string;
      readonly reply?: ModelReply;
      readonly usage: Usage;
      /** How long the attempt took, in ms. */
      readonly elapsedMs: number;
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
      readonly from: LivingState;
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
  /** Whether it takes work has changed: by an operator, by the load, or since it crashed too often. */
  | {
      readonly type: 'worker.readmitted';
      readonly workerId: WorkerId;
      readonly from: Admission;
      readonly to: Admission;
      readonly detail: string;
      /** It is drained since it has left the configuration: nobody has sent it home, and its row does not say so. */
      readonly isLeaving?: true;
    }
  /** It was added: by the configuration, or since it joined by itself. */
  | { readonly type: 'worker.enrolled'; readonly workerId: WorkerId; readonly detail: string }
  /** It has left, and holds nothing any more. */
  | { readonly type: 'worker.retired'; readonly workerId: WorkerId; readonly detail: string }
  /** What was measured has corrected its performance factor. */
  | {
      readonly type: 'worker.rated';
      readonly workerId: WorkerId;
      readonly from: number;
      readonly to: number;
    }
  /** A result that came after its lease had ended: on record, and without effect. */
  | {
      readonly type: 'worker.reported_late';
      readonly workerId: WorkerId;
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly outcome: Outcome['kind'];
    };

/** The circuit breaker of a server has changed. */
export interface EndpointFact {
  readonly type: 'endpoint.changed';
  readonly endpoint: string;
  readonly from: Breaker;
  readonly to: Breaker;
  /** Why, and when it is tried again, in one sentence. */
  readonly detail: string;
  readonly failures: Readonly<Record<string, number>>;
}

export type PoolFact =
  | { readonly type: 'pool.started'; readonly recovered: number; readonly waiting: number }
  | { readonly type: 'pool.paused' }
  | { readonly type: 'pool.resumed' }
  | { readonly type: 'pool.draining'; readonly leases: number }
  | { readonly type: 'pool.stopped' }
  /** Another configuration holds from here on; each decision names the version that it was made under. */
  | {
      readonly type: 'pool.reconfigured';
      readonly version: number;
      /** One line for each change. */
      readonly changes: readonly string[];
    }
  /** The disk works again; nothing could be written for so long. */
  | { readonly type: 'journal.resumed'; readonly stalledMs: number };

/**
 * An operator has sent an event to an actor, past those who send it otherwise. What came of it, if anything, are the facts
 * behind it. It belongs to the life of no task: it may come from a moment in which that has just ended.
 */
export interface ActorFact {
  readonly type: 'actor.signalled';
  /** Its name towards clients. */
  readonly actor: string;
  readonly machine: InspectedMachine;
  /** The type of the event, and what was said with it. */
  readonly event: string;
  readonly fields: Readonly<Record<string, number>>;
  /** Who asked: the name of a token. */
  readonly by: string;
  /** The task whose wait was ended by it; its row waits for no time any more. */
  readonly wakes: TaskId | null;
}

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
