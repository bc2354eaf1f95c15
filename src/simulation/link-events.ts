import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';

/** What a fault between the pool and its joined workers is called. */
export type NetworkFaultName =
  | 'beat.dropped'
  | 'beat.doubled'
  | 'beat.late'
  | 'beat.reordered'
  | 'run.lost'
  | 'run.doubled'
  | 'stop.lost'
  | 'text.dropped'
  | 'result.doubled'
  | 'result.late'
  | 'result.forged'
  | 'result.misnamed'
  | 'frame.malformed'
  | 'frame.oversize'
  | 'link.cut'
  | 'link.half_open'
  | 'link.stalled'
  | 'link.partitioned'
  | 'link.storm'
  | 'joiner.crashed'
  | 'joiner.lost_power'
  | 'joiner.suspended'
  | 'joiner.namesake'
  | 'joiner.outdated'
  | 'joiner.left';

/** One process of a worker that joins, and the connection that it speaks over. */
interface OverLink {
  readonly workerId: WorkerId;
  readonly instance: string;
  /** Counts the connections of a world. */
  readonly connection: number;
}

/** What happens between the pool and workers that join it, as it happens. */
export type LinkEvent =
  /** A process of a worker begins. */
  | {
      readonly type: 'joiner.began';
      readonly workerId: WorkerId;
      readonly instance: string;
      readonly slots: number;
      readonly performanceFactor: number;
      /** The version of the protocol that it speaks is none of the pool's. */
      readonly isOutdated: boolean;
    }
  /** It has ended, however; what it held in memory is gone. */
  | {
      readonly type: 'joiner.ended';
      readonly workerId: WorkerId;
      readonly instance: string;
      readonly how: string;
    }
  /** The pool says welcome: from now on this is the connection of that name. */
  | (OverLink & {
      readonly type: 'link.opened';
      /** What the worker said that it holds, and has done. */
      readonly held: readonly AssignmentId[];
      readonly done: readonly AssignmentId[];
      readonly dropped: number;
    })
  /** The pool has turned it away. */
  | (OverLink & { readonly type: 'link.refused'; readonly code: string })
  /** The connection has ended as the pool sees it. */
  | (OverLink & { readonly type: 'link.closed'; readonly code: number })
  /** A frame has arrived at the pool. */
  | (OverLink & {
      readonly type: 'link.heard';
      readonly frame: 'beat' | 'text' | 'settled' | 'goodbye' | 'none';
      /** Those that a beat carries; the one of a text and a result. */
      readonly assignmentIds: readonly AssignmentId[];
      /** Of a result. */
      readonly taskId: TaskId | null;
      /** What a result says; of a beat whether the server behind the worker is `well`. */
      readonly outcome: string;
    })
  /** The pool sends a frame. */
  | (OverLink & {
      readonly type: 'link.sent';
      readonly frame: 'run' | 'stop' | 'ack' | 'resume';
      readonly assignmentId: AssignmentId;
    })
  /** A frame of the pool has arrived at the worker. */
  | (OverLink & {
      readonly type: 'link.told';
      readonly frame: 'run' | 'stop' | 'ack' | 'drop';
      readonly assignmentId: AssignmentId;
    });
