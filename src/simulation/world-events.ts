import type { Config } from '../config/settings.ts';
import type { CommittedFact } from '../machines/facts.ts';
import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';
import type { LinkEvent, NetworkFaultName } from './link-events.ts';

/** What a client wants done, as the judge must know it. */
export interface Wanted {
  readonly prompt: string;
  readonly taskType: string;
  readonly priority: number;
}

/** A task as somebody read it. */
export interface ReadTask extends Wanted {
  readonly taskId: TaskId;
  readonly status: string;
  /** Its ending as it was told, one text; `null` while it has none. */
  readonly ending: string | null;
}

/** What a fault is called; each is counted, and a planned one that never fires is told. */
export type FaultName =
  | NetworkFaultName
  | 'attempt.error'
  | 'attempt.busy'
  | 'attempt.reset'
  | 'attempt.cut'
  | 'attempt.empty'
  | 'attempt.garbage'
  | 'attempt.hang'
  | 'attempt.slow'
  | 'attempt.oversize'
  | 'attempt.throws'
  | 'attempt.late'
  | 'attempt.model_missing'
  | 'beat.lost'
  | 'beat.delayed'
  | 'server.crashed'
  | 'server.partitioned'
  | 'site.unreachable'
  | 'site.overloaded'
  | 'site.sick'
  | 'process.killed'
  | 'commit.killed_before'
  | 'commit.killed_within'
  | 'commit.killed_after'
  | 'commit.power_lost'
  | 'process.restarted'
  | 'disk.busy'
  | 'disk.full'
  | 'disk.io'
  | 'disk.readonly'
  | 'clock.jumped'
  | 'process.stalled'
  | 'process.suspended';

export type OperatorAct =
  | 'pause'
  | 'resume'
  | 'worker.drain'
  | 'worker.rest'
  | 'worker.resume'
  | 'breaker.close'
  | 'reload'
  | 'retention';

/**
 * All that happens in a world, as it happens: what is on disk, what was told, what clients and servers saw. Judge,
 * trace, rare states and report read this one stream, and nothing else.
 */
export type WorldEvent =
  | LinkEvent
  /** A process begins: reads the store and recovers. */
  | { readonly type: 'process.began'; readonly process: number }
  /** It has recovered, and takes work. */
  | { readonly type: 'process.opened'; readonly process: number }
  /** It was killed, or has ended by a fault; nothing of it goes on. */
  | { readonly type: 'process.died'; readonly process: number; readonly cause: string }
  | { readonly type: 'process.stopping'; readonly process: number }
  /** It has stopped in order; `leftTimers` of it are still armed, and so many generations run. */
  | {
      readonly type: 'process.stopped';
      readonly process: number;
      readonly leftTimers: number;
      readonly leftRuns: number;
    }
  /** It said something is wrong with itself. */
  | { readonly type: 'process.alarmed'; readonly process: number; readonly message: string }
  /** On disk, whether or not anybody heard of it. */
  | { readonly type: 'fact'; readonly process: number; readonly committed: CommittedFact }
  /** The stream told it. */
  | { readonly type: 'fact.told'; readonly process: number; readonly committed: CommittedFact }
  /** `lastSeq`: of the last fact on disk after it. */
  | {
      readonly type: 'commit.failed';
      readonly process: number;
      readonly code: string;
      readonly lastSeq: number;
    }
  /** What there is at a moment in which all is written: rows by what they are in, and tasks that live as actors. */
  | {
      readonly type: 'surveyed';
      readonly process: number;
      readonly rows: { readonly waiting: number; readonly postponed: number; readonly held: number };
      readonly liveTasks: number;
    }
  /** Tasks that were completed before a moment (epoch ms) were deleted. */
  | { readonly type: 'tasks.forgotten'; readonly beforeMs: number; readonly tasks: number }
  /** A database in a file was opened after its process had died. */
  | { readonly type: 'disk.checked'; readonly integrity: string; readonly lastSeq: number }
  | {
      readonly type: 'client.acknowledged';
      readonly taskIds: readonly TaskId[];
      readonly wanted: readonly Wanted[];
      readonly key: string | null;
      readonly replayed: boolean;
    }
  | { readonly type: 'client.refused'; readonly code: string }
  /** The process died before it answered. */
  | { readonly type: 'client.unanswered'; readonly call: string }
  | { readonly type: 'client.cancelled'; readonly taskId: TaskId }
  | { readonly type: 'client.cancel_refused'; readonly taskId: TaskId; readonly code: string }
  | { readonly type: 'client.moved'; readonly taskId: TaskId; readonly priority: number }
  | { readonly type: 'client.read'; readonly task: ReadTask | null; readonly taskId: TaskId }
  /** A follower of one task was told a fact, or began anew from a position. */
  | {
      readonly type: 'watch.told';
      readonly watcher: number;
      readonly taskId: TaskId;
      readonly seq: number;
    }
  | { readonly type: 'watch.ended'; readonly watcher: number; readonly taskId: TaskId }
  | {
      readonly type: 'run.began';
      readonly process: number;
      readonly workerId: WorkerId;
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly prompt: string;
      readonly load: 'warm' | 'load' | 'swap';
    }
  /** The server has stopped; `output` where it has given a whole answer. */
  | {
      readonly type: 'run.ended';
      readonly workerId: WorkerId;
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly how: string;
      readonly output: string | null;
    }
  /** A server sent a result for a lease that is over. */
  | {
      readonly type: 'run.reported_late';
      readonly taskId: TaskId;
      readonly assignmentId: AssignmentId;
      readonly output: string;
    }
  | { readonly type: 'beat'; readonly workerId: WorkerId }
  | { readonly type: 'fault'; readonly name: FaultName; readonly detail: string; readonly forMs: number }
  /** `config`: what the files say from now on, for a reload. */
  | {
      readonly type: 'operator';
      readonly act: OperatorAct;
      readonly detail: string;
      readonly config: Config | null;
    }
  /** The pool's own figures, at a moment in which all is written. */
  | {
      readonly type: 'looked';
      readonly leases: number;
      readonly stored: readonly AssignmentId[];
      /** Workers that are sent away, or are on their way. */
      readonly absent: readonly WorkerId[];
    }
  /** From here on nothing goes wrong any more, and within `boundMs` everything must have ended. */
  /** `tasks`: so many must have been taken in by then. */
  | { readonly type: 'calm'; readonly boundMs: number; readonly tasks: number }
  /** What the metrics of the process say, and no fact is on its way to them. */
  | {
      readonly type: 'measured';
      readonly accepted: number;
      readonly ended: number;
      readonly retried: number;
    }
  | { readonly type: 'world.ended' };
