import type { TierName } from '../machines/task-board.ts';

/** By what the order of waiting tasks goes (see `ReadyIndex`). */
export interface Turn {
  readonly priority: number;
  /** Since when it waits, epoch ms. */
  readonly sinceMs: number;
  readonly seq: number;
}

export interface WaitingTask extends Turn {
  readonly taskType: string;
}

/** Tasks of one tier of which only the number is known, in the order in which they were accepted. */
export interface Crowd<G> extends TierName {
  count: number;
  /** They lie between these, the first one excluded, as evenly as anybody knows. */
  readonly afterSeq: number;
  upToSeq: number;
  readonly fromMs: number;
  toMs: number;
  /** Taken for all of them; `undefined` where none of them is known. */
  readonly group: G | undefined;
}

/** How many tasks come before one: in all, and of its own group. */
export interface Ahead {
  readonly inAll: number;
  readonly inGroup: number;
}

/**
 * Who comes before whom in the queue of a moment: tasks that are known one by one, and crowds. It is the order in which
 * the pool hands tasks out, told from sorted lists instead of going through all that wait.
 *
 * @typeParam G tasks of a group may take the same slots
 */
export class QueueOrder<G> {
  readonly #agingMs: number;
  /** By group, and within it by priority. */
  readonly #lists = new Map<G, Map<number, Turn[]>>();
  readonly #crowds: Crowd<G>[] = [];

  constructor(agingMs: number) {
    this.#agingMs = agingMs;
  }

  /** Adds a task behind all that were added before. */
  add(task: Turn, group: G): void {
    let lists = this.#lists.get(group);
    if (lists === undefined) {
      lists = new Map();
      this.#lists.set(group, lists);
    }
    const list = lists.get(task.priority);
    if (list === undefined) lists.set(task.priority, [task]);
    else list.push(task);
  }

  /** Adds tasks that are only counted; they may become more. */
  addCrowd(crowd: Crowd<G>): void {
    this.#crowds.push(crowd);
  }

  ahead(task: WaitingTask, group: G): Ahead {
    let inAll = 0;
    let inGroup = 0;
    for (const [other, lists] of this.#lists) {
      for (const tasks of lists.values()) {
        const count = countBefore(tasks, (each) => comparePlaces(each, task, this.#agingMs) < 0);
        inAll += count;
        if (other === group) inGroup += count;
      }
    }
    for (const crowd of this.#crowds) {
      const count = this.#aheadOf(task, crowd);
      inAll += count;
      if (crowd.group === group) inGroup += count;
    }
    return { inAll, inGroup };
  }

  #aheadOf(task: WaitingTask, crowd: Crowd<G>): number {
    const { count, afterSeq, upToSeq, fromMs, toMs } = crowd;
    if (task.priority === crowd.priority) {
      const isWithin = task.seq > afterSeq && task.seq <= upToSeq && task.taskType === crowd.taskType;
      const before = Math.round(count * share(task.seq, afterSeq, upToSeq));
      return isWithin ? Math.max(0, before - 1) : before;
    }
    if (this.#agingMs === 0) return crowd.priority > task.priority ? count : 0;
    const asOldMs = task.sinceMs + (crowd.priority - task.priority) * this.#agingMs;
    return Math.round(count * share(asOldMs, fromMs, toMs));
  }

  /** The tasks of all crowds one by one, each crowd in its order, as if they came evenly. */
  *imagined(): Generator<{ readonly turn: Turn; readonly group: G | undefined }> {
    const crowds = this.#crowds.map((crowd) => ({ crowd, next: imagine(crowd, 0), at: 0 }));
    for (;;) {
      let first: (typeof crowds)[number] | undefined;
      for (const one of crowds) {
        if (one.at >= one.crowd.count) continue;
        if (first === undefined || comparePlaces(one.next, first.next, this.#agingMs) < 0) first = one;
      }
      if (first === undefined) return;
      yield { turn: first.next, group: first.crowd.group };
      first.at += 1;
      first.next = imagine(first.crowd, first.at);
    }
  }
}

function imagine({ priority, count, afterSeq, upToSeq, fromMs, toMs }: Crowd<unknown>, at: number): Turn {
  const part = (at + 1) / count;
  return {
    priority,
    sinceMs: fromMs + part * (toMs - fromMs),
    seq: afterSeq + part * (upToSeq - afterSeq),
  };
}

/** Below 0 when `a` is handed out before `b`. Tasks grow old at the same speed: see `ReadyIndex`. */
export function comparePlaces(a: Turn, b: Turn, agingMs: number): number {
  const aged = agingMs === 0 ? 0 : a.sinceMs - b.sinceMs - (a.priority - b.priority) * agingMs;
  return aged || b.priority - a.priority || a.sinceMs - b.sinceMs || a.seq - b.seq;
}

/** How many of a sorted list come before the first that does not. */
function countBefore<T>(sorted: readonly T[], comesBefore: (each: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comesBefore(sorted[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The part of a range that lies before a value, 0 to 1. */
function share(value: number, from: number, to: number): number {
  if (to <= from) return value > from ? 1 : 0;
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
