import type { Clock } from '../actors/clock.ts';
import { type HeapTimer, TimerHeap } from './timer-heap.ts';

/** A world that wants turn after turn in which no time passes is a bug, and must say so. */
const turnsMax = 100_000;
/** The day on which every simulation begins: what is drawn and printed shall not depend on the day of the run. */
const startOfTimeMs = Date.UTC(2026, 0, 1);

/** Whoever sets timers: a process, or the world around it. */
export interface Owner {
  /** Its timers never fire again, and what it defers is dropped. */
  isDead: boolean;
  /** Until then (elapsed ms) it stands still: what becomes due meanwhile fires late. */
  asleepUntilMs: number;
}

/**
 * The one time of a world. One timer is taken, the time is set to it, it fires, and every promise and turn that it
 * leads to is done before the next one is looked at. Nothing but the order of timers decides what happens when.
 */
export class VirtualTime {
  readonly #heap = new TimerHeap();
  readonly #tie: (order: number) => number;
  #deferred: { owner: Owner; fn: () => void }[] = [];
  #elapsedMs = 0;
  #wallOffsetMs = startOfTimeMs;
  #order = 0;
  #steps = 0;

  /** @param tie gives each timer its place among those that are due with it; by default first come, first served */
  constructor(tie: (order: number) => number = (order) => order) {
    this.#tie = tie;
  }

  /** Since the beginning of the world, in ms. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Timers fired and turns run so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Wall clock, epoch ms. */
  get wallMs(): number {
    return Math.floor(this.#elapsedMs + this.#wallOffsetMs);
  }

  /** The wall clock jumps, as when it is set; what is measured goes on as before. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Time as one owner sees it. */
  clockOf(owner: Owner): Clock {
    return {
      now: () => this.wallMs,
      monotonic: () => this.#elapsedMs,
      setTimeout: (fn, delayMs) => this.#arm(owner, fn, delayMs),
      clearTimeout: (handle) => {
        if (handle !== undefined && handle !== null) (handle as HeapTimer).isLive = false;
      },
      defer: (fn) => void this.#deferred.push({ owner, fn }),
    };
  }

  /** Timers of an owner that are armed. */
  timersOf(owner: Owner): number {
    return this.#heap.countOf(owner);
  }

  /** Lets time pass until `untilMs` (elapsed), or until `isOver` says so; it is asked after each step. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    await this.#settle();
    while (!isOver()) {
      const next = this.#heap.take(untilMs);
      if (next === undefined) {
        this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
        return;
      }
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      await this.#fire(next);
    }
  }

  async #fire(timer: HeapTimer): Promise<void> {
    const owner = timer.owner as Owner;
    if (owner.isDead) return;
    if (owner.asleepUntilMs > this.#elapsedMs) {
      timer.dueMs = owner.asleepUntilMs;
      this.#heap.push(timer);
      return;
    }
    timer.isLive = false;
    this.#steps += 1;
    timer.fn();
    await this.#settle();
  }

  #arm(owner: Owner, fn: () => void, delayMs: number): HeapTimer {
    const order = this.#tie(this.#order++);
    const dueMs = this.#elapsedMs + Math.max(0, delayMs);
    const timer = { dueMs, order, fn, owner, isLive: !owner.isDead };
    if (timer.isLive) this.#heap.push(timer);
    return timer;
  }

  /** Ends turns until nothing is left to do at this moment. */
  async #settle(): Promise<void> {
    for (let turns = 0; turns < turnsMax; turns += 1) {
      // All promises that can be settled now are, before the event loop gets here.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#deferred.length === 0) return;
      for (const { owner, fn } of this.#deferred.splice(0)) {
        this.#steps += 1;
        if (!owner.isDead) fn();
      }
    }
    throw new Error(`still busy after ${turnsMax} turns in which no time passed`);
  }
}
