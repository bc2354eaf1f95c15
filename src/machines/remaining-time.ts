import type { DurationFigures } from './duration-ring.ts';

/** Below this ratio of p90 to p50 a kind counts as steady: no clock is that sure. */
const tailRatioMin = 1.05;

/** Equally likely endings that mean and variance are taken from. */
const endings = 16;

/**
 * What is left of a run that has lasted `elapsedMs`. The durations are taken as log-logistic through p50 and p90: that
 * has a closed form, and its tail says what experience says of a run that should long have ended: the longer it has
 * lasted, the longer it will.
 *
 * @param elapsedMs at 0 or below the estimate is returned as it is
 */
export function remainingOf<E extends DurationFigures>(estimate: E, elapsedMs: number): E {
  if (elapsedMs <= 0) return estimate;
  const { p50Ms } = estimate;
  const steepness = Math.log(9) / Math.log(Math.max(estimate.p90Ms / p50Ms, tailRatioMin));
  const odds = steepness * Math.log(elapsedMs / p50Ms);
  // The share that ends before x, of the runs that did not end before `elapsedMs`, solved for x.
  const leftMs = (share: number) =>
    Math.max(0, p50Ms * Math.exp(logOdds(odds, share) / steepness) - elapsedMs);
  let sumMs = 0;
  let squares = 0;
  for (let ending = 0; ending < endings; ending += 1) {
    const value = leftMs((ending + 0.5) / endings);
    sumMs += value;
    squares += value * value;
  }
  const meanMs = sumMs / endings;
  return {
    ...estimate,
    p50Ms: leftMs(0.5),
    p90Ms: leftMs(0.9),
    meanMs,
    varianceMs2: Math.max(0, squares / endings - meanMs * meanMs),
  };
}

/** ln((1 + e^odds) / (1 − share) − 1), also where e^odds is no number any more. */
function logOdds(odds: number, share: number): number {
  return odds > 30 ? odds - Math.log1p(-share) : Math.log((share + Math.exp(odds)) / (1 - share));
}
