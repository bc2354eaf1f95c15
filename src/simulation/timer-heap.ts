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
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as HeapTimer;
      if (isBefore(above, timer)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  /** Takes the next timer that is live and due. */
  take(untilMs: number): HeapTimer | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.dueMs > untilMs) return undefined;
      this.#dropFirst();
      if (first.isLive) return first;
    }
  }

  /** Live timers of one owner. */
  countOf(owner: object): number {
    return this.#heap.filter((timer) => timer.isLive && timer.owner === owner).length;
  }

  #dropFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as HeapTimer;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as HeapTimer)) child += 1;
      const below = heap[child] as HeapTimer;
      if (isBefore(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
