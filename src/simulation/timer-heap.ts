import { dropFirst, pushInto } from '../machines/binary-heap.ts';

/** A timer that is armed. */
export interface HeapTimer {
  dueMs: number;
  /** Its place among timers that are due at the same time. */
  readonly order: number;
  readonly fn: () => void;
  /** Whose it is: it dies with its owner. */
  readonly owner: object;
  isLive: boolean;
}

/** Timers, the next one on top. One that was cleared stays until it comes up. */
export class TimerHeap {
  readonly #heap: HeapTimer[] = [];

  push(timer: HeapTimer): void {
    pushInto(this.#heap, timer, isBefore);
  }

  /** Takes the next timer that is live and due. */
  take(untilMs: number): HeapTimer | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.dueMs > untilMs) return undefined;
      dropFirst(this.#heap, isBefore);
      if (first.isLive) return first;
    }
  }

  /** Live timers of one owner. */
  countOf(owner: object): number {
    return this.#heap.filter((timer) => timer.isLive && timer.owner === owner).length;
  }
}

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
