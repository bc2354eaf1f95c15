import type { ErrorActorEvent } from 'xstate';
import type { EndpointReport } from './endpoint-machine.ts';
import type { AssignmentId, TaskId, WorkerId } from './identifiers.ts';
import type { Enrolment, PoolPolicy } from './pool-context.ts';
import type { TierName, WaitingCount } from './task-board.ts';
import type { TaskReport } from './task-events.ts';
import type { TaskTicket } from './task-ticket.ts';
import type { WorkerReport } from './worker-reports.ts';
import type { WorkerSpec } from './worker-spec.ts';
import type { AdmissionOrder } from './worker-state.ts';

/** What the pool may be told to do. Commands are imperative; what happened comes out as facts. */
export type PoolCommand =
  /** Recovery has read the rows: begin. */
  | { readonly type: 'pool.open'; readonly recovered: number; readonly waiting: readonly WaitingCount[] }
  /** Newly accepted: live at once where the window has room, wait as rows where not. */
  | { readonly type: 'pool.admit'; readonly tickets: readonly TaskTicket[] }
  /** Read from rows that waited behind the window of one tier. `exhausted`: nothing more waits there. */
  | {
      readonly type: 'pool.activate';
      readonly tier: TierName;
      readonly tickets: readonly TaskTicket[];
      readonly exhausted: boolean;
    }
  /** The start time of these rows has come: they wait behind the window now. */
  | { readonly type: 'pool.due'; readonly waiting: readonly WaitingCount[] }
  /** The end of a turn: hand out what can be handed out. */
  | { readonly type: 'pool.turn' }
  /** These leases and these ends of leases are on disk: the workers may begin, and must stop. */
  | {
      readonly type: 'pool.committed';
      readonly leased: readonly CommittedLease[];
      readonly cancelled: readonly LeaseName[];
    }
  /** Cancel the task of this ticket. */
  | { readonly type: 'pool.cancel'; readonly ticket: TaskTicket; readonly place: RowPlace }
  /** Give the task of this ticket another priority. */
  | {
      readonly type: 'pool.reprioritize';
      readonly ticket: TaskTicket;
      readonly place: RowPlace;
      readonly priority: number;
    }
  /** These tasks never came to be, or their rows say otherwise than their actors. */
  | { readonly type: 'pool.forget'; readonly tasks: readonly Forgotten[] }
  | { readonly type: 'pool.pause' }
  | { readonly type: 'pool.resume' }
  /** Another configuration holds from now on. */
  | {
      readonly type: 'pool.reconfigure';
      readonly policy: PoolPolicy;
      /** All workers of the files; those that are not among them leave, but for those that joined by themselves. */
      readonly workers: readonly WorkerSpec[];
      readonly changes: readonly string[];
    }
  /** A worker has come by itself, or says something new of itself. */
  | ({ readonly type: 'pool.enrol'; readonly detail: string } & Enrolment)
  /** It has said goodbye: it takes nothing more, and goes when it holds nothing more. */
  | { readonly type: 'pool.retire'; readonly workerId: WorkerId; readonly detail: string }
  /** What an operator asks of a worker. */
  | {
      readonly type: 'pool.order';
      readonly workerId: WorkerId;
      readonly order: AdmissionOrder;
      readonly detail: string;
    }
  /** There is reason to look at once whether it lives. */
  | { readonly type: 'pool.probe'; readonly workerId: WorkerId }
  /** An operator knows better than the breaker of an endpoint. */
  | { readonly type: 'pool.reset'; readonly endpoint: string }
  /** Correct the performance factors by what was measured. */
  | { readonly type: 'pool.rate' }
  /** Hand out nothing more, let what runs end, then stop. */
  | { readonly type: 'pool.drain' };

/** Where a row stands: behind its window, for a later time, or in the hands of a worker. */
export type RowPlace = 'waiting' | 'scheduled' | 'held';

export interface Forgotten {
  readonly taskId: TaskId;
  /** The tier behind whose window it may have been counted; `null` for one that was not. */
  readonly waitedAt: TierName | null;
}

export interface LeaseName {
  readonly taskId: TaskId;
  readonly assignmentId: AssignmentId;
  readonly workerId: WorkerId;
}

export interface CommittedLease extends LeaseName {
  readonly model: string;
}

export type PoolEvent =
  | PoolCommand
  | TaskReport
  | WorkerReport
  | EndpointReport
  /** What the pool tells itself: an actor is to be started, and one crash is long ago. */
  | { readonly type: 'worker.missing'; readonly actorId: string; readonly detail: string }
  | { readonly type: 'endpoint.missing'; readonly endpoint: string }
  | { readonly type: 'crash.forgotten'; readonly actorId: string }
  | ErrorActorEvent;
