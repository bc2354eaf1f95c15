import type { DurationFigures } from './duration-ring.ts';
import type { Doubt } from './slot-times.ts';

/** A time that is not certain: half of the cases lie before the first, nine of ten before the second. */
export interface Span {
  readonly p50Ms: number;
  readonly p90Ms: number;
}

export interface Prediction {
  /** In the order of dispatch, over all classes; 1 is next. */
  readonly place: number;
  readonly start: Span;
  /** `null` where nothing is known of how long it takes. */
  readonly finish: Span | null;
}

/** The 90th percentile of a normal distribution, in standard deviations. */
export const deviationsOfP90 = 1.2816;

/** Halvings of a search: to a thousandth of the interval. */
const halvings = 10;

/** A start, with what its doubt is made of. */
export interface StartSpan extends Span {
  readonly varianceMs2: number;
}

/**
 * The doubt of a slot that could have ended at any moment of a run is no greater: the variance of an even spread is a
 * twelfth of its squared width.
 */
export function withinOneRun(varianceMs2: number, meanMs: number): number {
  return Math.min(varianceMs2, (meanMs * meanMs) / 12);
}

/**
 * When a task begins that takes the first slot to be free.
 *
 * Along one slot the variances of its runs add up. A task waits for any of several slots, though, and these even out:
 * the n-th start among them has the part of that variance which is the slot's share of the throughput. What remains
 * is that their ends, in step in the forecast, are spread evenly over a run once they have drifted apart.
 *
 * @param share of the slot in the throughput of all slots that the task could take, above 0 and up to 1
 * @param meanMs of a run on the slot
 */
export function startSpan(startMs: number, doubt: Doubt, share: number, meanMs: number): StartSpan {
  const varianceMs2 =
    doubt.varianceMs2 * share + withinOneRun(doubt.varianceMs2, meanMs) * (1 - share) + doubt.offMs ** 2;
  return { p50Ms: startMs, p90Ms: startMs + deviationsOfP90 * Math.sqrt(varianceMs2), varianceMs2 };
}

/**
 * The end of a task that begins at `start`. Durations lean to the right, sums of them hardly: the less the start is
 * certain, the more the middle of the sum is its mean. The distances from p50 to p90 add as those of independent
 * parts do, so that a task that begins at once has the p90 of its own duration.
 */
export function finishSpan(start: StartSpan, duration: DurationFigures): Span {
  const both = start.varianceMs2 + duration.varianceMs2;
  const evened = both > 0 ? start.varianceMs2 / both : 0;
  const p50Ms = start.p50Ms + Math.max(0, duration.p50Ms + evened * (duration.meanMs - duration.p50Ms));
  const startMs = start.p90Ms - start.p50Ms;
  const ownMs = duration.p90Ms - duration.p50Ms;
  return { p50Ms, p90Ms: p50Ms + Math.sqrt(startMs * startMs + ownMs * ownMs) };
}

/**
 * One of several spans comes true. Each is taken as logistic through its p50 and p90, which has a closed form.
 *
 * @param chances of the spans, which make 1 together
 */
export function oneOf(spans: readonly Span[], chances: readonly number[]): Span {
  const share = (timeMs: number) => {
    let sum = 0;
    for (let at = 0; at < spans.length; at += 1) {
      const { p50Ms, p90Ms } = spans[at] as Span;
      const steepness = Math.log(9) / Math.max(p90Ms - p50Ms, 1);
      sum += (chances[at] as number) / (1 + Math.exp((p50Ms - timeMs) * steepness));
    }
    return sum;
  };
  const quantile = (wanted: number, lowMs: number, highMs: number) => {
    let [low, high] = [lowMs, highMs];
    for (let halving = 0; halving < halvings; halving += 1) {
      const middle = (low + high) / 2;
      if (share(middle) < wanted) low = middle;
      else high = middle;
    }
    return high;
  };
  const middles = spans.map(({ p50Ms }) => p50Ms);
  const tails = spans.map(({ p90Ms }) => p90Ms);
  const p50Ms = quantile(0.5, Math.min(...middles), Math.max(...middles));
  return { p50Ms, p90Ms: Math.max(p50Ms, quantile(0.9, Math.min(...tails), Math.max(...tails))) };
}
