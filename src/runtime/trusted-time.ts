import type { Clock } from '../actors/clock.ts';

/** The wall clock ahead of the one that only grows, as it was seen at a moment of the latter. */
interface Reading {
  readonly seenMs: number;
  readonly aheadMs: number;
}

/**
 * The wall clock as far as it may be believed by what cannot be undone. A wall clock that jumps ahead (a dead battery, a wrong
 * zone, a virtual machine) would make everything old at once. So a jump ahead counts only after the clock has stood by it
 * for `beliefMs` on the one that only grows; a jump back counts at once. A machine that sleeps looks like a jump: what is
 * old is then put away some hours later.
 */
export class TrustedTime {
  readonly #clock: Clock;
  readonly #beliefMs: number;
  /** Of the last `beliefMs`, each less far ahead than those behind it: the first one is the least. */
  #readings: Reading[] = [];

  /** @param knownMs a moment of the wall clock that has been, such as that of the last event; `null` without one */
  constructor(clock: Clock, beliefMs: number, knownMs: number | null) {
    this.#clock = clock;
    this.#beliefMs = beliefMs;
    if (knownMs !== null) this.#note(knownMs);
  }

  /** Epoch ms; never ahead of the wall clock. What lies between two calls is not seen, so ask regularly. */
  now(): number {
    this.#note(this.#clock.now());
    const seenMs = this.#clock.monotonic();
    while ((this.#readings[0] as Reading).seenMs < seenMs - this.#beliefMs) this.#readings.shift();
    return seenMs + (this.#readings[0] as Reading).aheadMs;
  }

  #note(wallMs: number): void {
    const seenMs = this.#clock.monotonic();
    const aheadMs = wallMs - seenMs;
    while ((this.#readings.at(-1)?.aheadMs ?? Number.NEGATIVE_INFINITY) >= aheadMs) this.#readings.pop();
    this.#readings.push({ seenMs, aheadMs });
  }
}
