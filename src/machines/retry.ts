import { limits } from './limits.ts';
import { isModelFault } from './model-choice.ts';
import type { Failure, Outcome } from './outcome.ts';

/** How often and how long a failed attempt is tried again. */
export interface RetryPolicy {
  /** Failures that are tried again; the next one is final. 0 means one attempt. */
  readonly retriesMax: number;
  /** The first delay, in ms; each further one doubles it. */
  readonly delayMsBase: number;
  /** No delay exceeds this, in ms. */
  readonly delayMsMax: number;
}

/**
 * The delay before attempt `failures + 1`, in ms: exponential with a ceiling and "equal jitter" (half fixed, half
 * drawn), so that tasks that failed together do not return together, and none returns at once.
 *
 * @param draw uniform in [0, 1), from the injected random source
 */
export function retryDelayMs(
  policy: RetryPolicy,
  failures: number,
  draw: number,
  delayMsMin: number,
): number {
  const ceiling = Math.min(policy.delayMsBase * 2 ** Math.min(failures - 1, 30), policy.delayMsMax);
  const jittered = ceiling / 2 + (draw * ceiling) / 2;
  return Math.round(Math.min(Math.max(jittered, delayMsMin), limits.timerMsMax));
}

/** What a task has been through. */
export interface Wear {
  /** Leases it was given, whatever became of them. */
  readonly leases: number;
  /** Attempts that ended with a transient failure. */
  readonly failures: number;
}

/** `fallingBack`: queued again at once, for another model. */
export type Verdict = 'completed' | 'backingOff' | 'fallingBack' | 'queued' | 'failed';

/**
 * The one table from an outcome to what becomes of the task. Where the model is to blame, the next one of the chain is
 * tried: at once when the server does not have it, after its retries otherwise; a model that stands in is tried once. A lease that ended without a verdict (`released`) costs
 * no retry, but every lease counts towards `limits.leasesPerTaskMax`, which ends a task that takes its workers along.
 */
export function judge(outcome: Outcome, wear: Wear, policy: RetryPolicy, mayFallBack = false): Verdict {
  const mayGoOn = wear.leases < limits.leasesPerTaskMax;
  switch (outcome.kind) {
    case 'succeeded':
      return 'completed';
    case 'failed':
      return mayGoOn && mayFallBack && isModelFault(outcome.failure.code) === 'at once'
        ? 'fallingBack'
        : 'failed';
    case 'retry':
      if (!mayGoOn) return 'failed';
      if (wear.failures < policy.retriesMax) return 'backingOff';
      return mayFallBack && isModelFault(outcome.failure.code) !== undefined ? 'fallingBack' : 'failed';
    case 'released':
    case 'cancelled':
      return mayGoOn ? 'queued' : 'failed';
  }
}

/** The failure that a final outcome puts on record. */
export function failureOf(outcome: Outcome): Failure {
  switch (outcome.kind) {
    case 'failed':
    case 'retry':
      return outcome.failure;
    case 'released':
    case 'cancelled':
      return {
        code: 'leases.exhausted',
        message: `given out ${limits.leasesPerTaskMax} times without an ending; look for what it does to its workers`,
      };
    case 'succeeded':
      throw new TypeError('a success has no failure');
  }
}
