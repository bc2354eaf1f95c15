import type { WorkerId } from './identifiers.ts';

/** What the last runs of one kind say about the next one. */
export interface DurationFigures {
  /** Half of the runs end before it. */
  readonly p50Ms: number;
  /** Nine of ten runs end before it; never below `p50Ms`. */
  readonly p90Ms: number;
  /** Of the runs, with those that are far out brought back to a fence. */
  readonly meanMs: number;
  /** Of the same, in ms². */
  readonly varianceMs2: number;
  /** How many runs it comes from. */
  readonly runs: number;
}

/** By how much the runs of a worker are multiplied before they are compared with those of another. */
export interface Weights {
  of(workerId: WorkerId): number;
  /** Grows with each change of a weight. */
  readonly revision: number;
}

/** Runs that a ring remembers: enough for a 90th percentile, few enough to follow a machine that became slower. */
export const ringRuns = 64;

/** Standard deviation of a duration over its mean, where nothing is known of it: that of answers of free length. */
export const spreadGuess = 0.5;

/** The last runs under one key. Adding is O(1); the figures are sorted out when they are asked for, and kept. */
export class DurationRing {
  readonly #durationsMs: number[] = [];
  readonly #workers: WorkerId[] = [];
  #next = 0;
  #figures: DurationFigures | undefined;
  #revision = 0;

  get runs(): number {
    return this.#durationsMs.length;
  }

  /** @param durationMs at least 1 */
  add(workerId: WorkerId, durationMs: number): void {
    this.#durationsMs[this.#next] = durationMs;
    this.#workers[this.#next] = workerId;
    this.#next = (this.#next + 1) % ringRuns;
    this.#figures = undefined;
  }

  /** @param weights of the workers whose runs meet here; none for runs of one worker */
  figures(weights?: Weights): DurationFigures {
    const revision = weights?.revision ?? 0;
    if (this.#figures === undefined || this.#revision !== revision) {
      const weighed = Float64Array.from(this.#durationsMs);
      if (weights !== undefined) {
        for (const [at, worker] of this.#workers.entries())
          weighed[at] = (weighed[at] ?? 0) * weights.of(worker);
      }
      this.#figures = figuresOf(weighed.sort());
      this.#revision = revision;
    }
    return this.#figures;
  }
}

/**
 * Quantiles by the places where a next run may fall: n runs leave n + 1 gaps, so that of five runs the slowest is the
 * 83rd percentile, not the hundredth. The median does not care about a run far out; for mean and variance such a run is
 * brought back to a fence: three spans of the middle half (as ratios, since durations multiply), and never nearer than
 * a factor of 4, so that a kind with two speeds keeps both.
 */
function figuresOf(sortedMs: Float64Array): DurationFigures {
  const runs = sortedMs.length;
  const lowerMs = quantile(sortedMs, 0.25);
  const upperMs = quantile(sortedMs, 0.75);
  const reach = Math.max(4, (upperMs / lowerMs) ** 3);
  let sum = 0;
  let squares = 0;
  for (const durationMs of sortedMs) {
    const value = Math.min(Math.max(durationMs, lowerMs / reach), upperMs * reach) - lowerMs;
    sum += value;
    squares += value * value;
  }
  const meanMs = lowerMs + sum / runs;
  return {
    p50Ms: quantile(sortedMs, 0.5),
    p90Ms: quantile(sortedMs, 0.9),
    meanMs,
    varianceMs2:
      runs > 1 ? Math.max(0, (squares - (sum * sum) / runs) / (runs - 1)) : (spreadGuess * meanMs) ** 2,
    runs,
  };
}

function quantile(sorted: Float64Array, share: number): number {
  const place = Math.min(Math.max(share * (sorted.length + 1) - 1, 0), sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
