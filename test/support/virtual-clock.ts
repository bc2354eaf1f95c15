import type { Clock } from '../../src/actors/clock.ts';

interface Timer {
  readonly dueMs: number;
  /** Place among timers that are due at the same time. */
  readonly order: number;
  readonly fn: () => void;
}

const startOfTimeMs = Date.UTC(2026, 0, 1);
/** A world that wants turn after turn without an end is a bug, and must say so. */
const turnsMax = 100_000;

/**
 * Time that passes when a test says so. One timer is taken, the time is set to it, it fires, and all that it leads to
 * is done before the next one is looked at: the clock never jumps before it fires.
 */
export class VirtualClock implements Clock {
  readonly #heap: Timer[] = [];
  readonly #live = new Set<Timer>();
  #deferred: (() => void)[] = [];
  #elapsedMs = 0;
  #wallOffsetMs = startOfTimeMs;
  #nextOrder = 0;

  now(): number {
    return Math.floor(this.#elapsedMs + this.#wallOffsetMs);
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimeout(fn: () => void, delayMs: number): Timer {
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#nextOrder++, fn };
    this.#live.add(timer);
    this.#push(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#live.delete(handle as Timer);
  }

  defer(fn: () => void): void {
    this.#deferred.push(fn);
  }

  /** Timers that are armed. */
  get pending(): number {
    return this.#live.size;
  }

  /** The wall clock jumps, as when it is set; what is measured goes on as before. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Lets `byMs` pass, one timer after the other. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs;
    await this.settle();
    for (let next = this.#takeDue(untilMs); next !== undefined; next = this.#takeDue(untilMs)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.fn();
      await this.settle();
    }
    this.#elapsedMs = untilMs;
  }

  /** The event loop stands still: all that has become due meanwhile fires afterwards, late. */
  async stall(forMs: number): Promise<void> {
    this.#elapsedMs += forMs;
    await this.advance(0);
  }

  /** Ends turns until nothing is left to do at this moment. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < turnsMax; turns += 1) {
      // All promises that can be settled now are, before the event loop gets here.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#deferred.length === 0) return;
      for (const fn of this.#deferred.splice(0)) fn();
    }
    throw new Error(`still busy after ${turnsMax} turns in which no time passed`);
  }

  #takeDue(untilMs: number): Timer | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.dueMs > untilMs) return undefined;
      this.#dropFirst();
      if (this.#live.delete(first)) return first;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Timer;
      if (isBefore(above, timer)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #dropFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Timer;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Timer)) child += 1;
      const below = heap[child] as Timer;
      if (isBefore(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
