import type { Clock } from '../../src/actors/clock.ts';
import { type HeapTimer, TimerHeap } from '../../src/simulation/timer-heap.ts';

const startOfTimeMs = Date.UTC(2026, 0, 1);
/** A world that wants turn after turn without an end is a bug, and must say so. */
const turnsMax = 100_000;

/**
 * Time that passes when a test says so. One timer is taken, the time is set to it, it fires, and all that it leads to
 * is done before the next one is looked at: the clock never jumps before it fires.
 */
export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  #pending = 0;
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

  setTimeout(fn: () => void, delayMs: number): HeapTimer {
    const dueMs = this.#elapsedMs + Math.max(0, delayMs);
    const timer: HeapTimer = { dueMs, order: this.#nextOrder++, fn, owner: this, isLive: true };
    this.#pending += 1;
    this.#timers.push(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    const timer = handle as HeapTimer | undefined;
    if (timer?.isLive === true) this.#end(timer);
  }

  defer(fn: () => void): void {
    this.#deferred.push(fn);
  }

  /** Timers that are armed. */
  get pending(): number {
    return this.#pending;
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

  #takeDue(untilMs: number): HeapTimer | undefined {
    const timer = this.#timers.take(untilMs);
    if (timer !== undefined) this.#end(timer);
    return timer;
  }

  #end(timer: HeapTimer): void {
    timer.isLive = false;
    this.#pending -= 1;
  }
}
