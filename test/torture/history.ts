/**
 * What is known of a run when it is over: what clients asked for and were told, what the servers of the models wrote down
 * themselves, which faults there were, and what stands in the database. Times are epoch ms of one machine.
 */
export interface History {
  readonly observations: readonly Observation[];
  readonly generations: readonly Generation[];
  readonly faults: readonly Fault[];
  readonly record: DatabaseRecord;
}

/** The ways in. `herd` is REST with many tasks in one request. */
export const doors = ['rest', 'rest-sync', 'herd', 'graphql', 'mcp', 'openai', 'ollama'] as const;
export type Door = (typeof doors)[number];

export type Observation =
  /** Before the request is sent. */
  | {
      readonly type: 'asked';
      readonly op: string;
      readonly door: Door;
      readonly priority: number;
      /** Whether it may go to any worker, in the order of the priorities alone. */
      readonly isPlain: boolean;
      readonly atMs: number;
    }
  /** A door said by this id that the task is kept. The same request under one key may be acknowledged again. */
  | {
      readonly type: 'acknowledged';
      readonly op: string;
      readonly taskId: string;
      readonly sentMs: number;
      readonly atMs: number;
    }
  /** The request was refused, which promises nothing. */
  | {
      readonly type: 'refused';
      readonly op: string;
      readonly status: number;
      readonly text: string;
      readonly atMs: number;
    }
  /** No answer came: the task may exist, or not. */
  | { readonly type: 'unanswered'; readonly op: string; readonly atMs: number }
  | Seen
  /** A cancellation was answered as done. */
  | { readonly type: 'cancelled'; readonly op: string; readonly taskId: string; readonly atMs: number }
  /** A watcher of all tasks was told an event. */
  | {
      readonly type: 'told';
      readonly watcher: string;
      readonly seq: number;
      readonly taskId: string;
      readonly event: string;
      readonly atMs: number;
    };

/** Somebody was shown a task: in the answer to a sync request, by asking for it, at the end of its stream, or at the end of the run. */
export interface Seen {
  readonly type: 'seen';
  readonly op: string;
  readonly taskId: string;
  readonly by: 'sync' | 'look' | 'follow' | 'last';
  /** `missing`, when the answer was that there is no such task. */
  readonly status: string;
  /** Of one that was completed. */
  readonly output: string | null;
  readonly sentMs: number;
  readonly atMs: number;
}

/** One time that a model was asked, as its server noted it. */
export interface Generation {
  /** Part of its answer: no two answers are equal. */
  readonly id: string;
  readonly op: string;
  /** The worker whose address was called. */
  readonly via: string;
  readonly begunMs: number;
  /** null when it is `open`. */
  readonly endedMs: number | null;
  /** `broke`: it was made to fail. `left`: the caller hung up. `open`: its server was killed, or never noted an end. */
  readonly end: 'complete' | 'broke' | 'left' | 'open';
}

/** Something that was done to the run, from its begin until it was put right. */
export interface Fault {
  readonly kind: string;
  readonly beganMs: number;
  readonly endedMs: number;
  /** The workers whose attempts it can end; `all` for what happens to the pool or its clients' servers. */
  readonly reaches: 'all' | 'nobody' | readonly string[];
  /** Whether the server's memory was lost. */
  readonly killsServer: boolean;
  /** What showed that it took effect; null when it did not. */
  readonly evidence: string | null;
}

export interface DatabaseRecord {
  readonly tasks: readonly TaskRow[];
  readonly events: readonly EventRow[];
  /** What is wrong with it in itself. */
  readonly damage: readonly string[];
}

export interface TaskRow {
  readonly taskId: string;
  readonly op: string;
  readonly seq: number;
  readonly priority: number;
  readonly status: string;
  readonly output: string | null;
  readonly errorCode: string | null;
  readonly endedMs: number | null;
}

export interface EventRow {
  readonly seq: number;
  readonly taskId: string | null;
  readonly type: string;
  readonly atMs: number;
}

const endings: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

export function isEnding(status: string): boolean {
  return endings.has(status);
}

/** What a server answers to an operation. */
export function answerOf(op: string, generation: string): string {
  return `the answer to ${op}, made in ${generation}.`;
}

/** The operation that an answer belongs to, and the generation that made it. */
export function readAnswer(output: string): { readonly op: string; readonly generation: string } | undefined {
  const found = /^the answer to (\S+), made in (\S+)\.$/.exec(output);
  return found?.[1] === undefined || found[2] === undefined
    ? undefined
    : { op: found[1], generation: found[2] };
}
