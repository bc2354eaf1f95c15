/** The one source of time. Simulations and tests give their own. */
export interface Clock {
  /** Wall clock, epoch ms: for what people read and for start times. It may jump. */
  now(): number;
  /** Milliseconds that only grow: for measuring. */
  monotonic(): number;
  setTimeout(fn: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
  /** Runs `fn` at the end of this turn of the event loop, when what arrived in it has been taken in. */
  defer(fn: () => void): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (fn, delayMs) => setTimeout(fn, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
  defer: (fn) => void setImmediate(fn),
};
