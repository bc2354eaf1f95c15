import { type DurationFigures, DurationRing, spreadGuess, type Weights } from './duration-ring.ts';
import type { WorkerId } from './identifiers.ts';
import { remainingOf } from './remaining-time.ts';

/** What the duration of a run depends on, as far as it is known before. */
export interface RunKind {
  /** The model that generates; `null` where the worker's own is not named. */
  readonly model: string | null;
  readonly taskType: string;
  /** Characters of the prompt; counted by powers of two. */
  readonly promptChars: number;
}

export interface RunQuery extends RunKind {
  readonly workerId: WorkerId;
}

/** A run that ended well. One that was stopped or failed says nothing about how long the next one takes. */
export interface Run extends RunQuery {
  readonly durationMs: number;
}

/** What was compared, the nearest first. Runs of other workers count by the ratio of the performance factors. */
export type DurationBasis =
  | 'worker, model, type and length'
  | 'worker, model and type'
  | 'worker and model'
  | 'model, type and length on other workers'
  | 'model on other workers'
  | 'worker'
  | 'anything';

export interface DurationEstimate extends DurationFigures {
  /** The nearest comparison with enough runs; nearer ones with fewer have pulled the figures their way. */
  readonly basis: DurationBasis;
}

/** The median of a kind on one worker: what speeds are compared by. */
export interface KindMedian {
  readonly workerId: WorkerId;
  /** Names model, type and length; equal for equal kinds on different workers. */
  readonly kind: string;
  readonly p50Ms: number;
  readonly runs: number;
}

/** From so many runs on a comparison stands alone; fewer are mixed with the next coarser one. */
export const runsEnough = 5;

/** Some 2 MB of rings at most. Beyond it the key goes that was learned from least recently. */
const ringsMax = 2_000;

/** Shorter prompts differ in nothing that takes time. */
const lengthBucketMin = 6;

interface Level {
  readonly basis: DurationBasis;
  /** Runs of several workers meet here. */
  readonly isShared: boolean;
  readonly keyOf: (query: RunQuery) => string;
}

/** From the nearest comparison to the coarsest. No key has the shape of another level's. */
const levels: readonly Level[] = [
  {
    basis: 'worker, model, type and length',
    isShared: false,
    keyOf: (query) => `0\0${query.workerId}\0${kindOf(query)}`,
  },
  {
    basis: 'worker, model and type',
    isShared: false,
    keyOf: (query) => `1\0${query.workerId}\0${query.model ?? ''}\0${query.taskType}`,
  },
  {
    basis: 'worker and model',
    isShared: false,
    keyOf: (query) => `2\0${query.workerId}\0${query.model ?? ''}`,
  },
  {
    basis: 'model, type and length on other workers',
    isShared: true,
    keyOf: (query) => `3\0${kindOf(query)}`,
  },
  { basis: 'model on other workers', isShared: true, keyOf: (query) => `4\0${query.model ?? ''}` },
  { basis: 'worker', isShared: false, keyOf: (query) => `5\0${query.workerId}` },
  { basis: 'anything', isShared: true, keyOf: () => '6' },
];

function kindOf({ model, taskType, promptChars }: RunKind): string {
  return `${model ?? ''}\0${taskType}\0${Math.max(lengthBucketMin, 32 - Math.clz32(promptChars))}`;
}

class Factors implements Weights {
  readonly #factors = new Map<WorkerId, number>();
  revision = 0;

  of(workerId: WorkerId): number {
    return this.#factors.get(workerId) ?? 1;
  }

  set(workerId: WorkerId, factor: number): void {
    if (this.of(workerId) !== factor) this.revision += 1;
    this.#factors.set(workerId, factor);
  }
}

/**
 * How long runs took, and how long the next one will. Each key keeps its last 64 runs, so that it forgets, and follows
 * a machine that became slower; what was measured on a worker never depends on its performance factor.
 */
export class DurationBook {
  /** In the order in which they were learned from. */
  readonly #rings = new Map<string, DurationRing>();
  readonly #factors = new Factors();
  readonly #ringsMax: number;

  /** @param rings keys that are kept */
  constructor(rings: number = ringsMax) {
    this.#ringsMax = Math.max(rings, levels.length);
  }

  get size(): number {
    return this.#rings.size;
  }

  /** @param factors performance factors: twice the factor is half the time. A worker without one counts as 1. */
  setFactors(factors: Iterable<readonly [WorkerId, number]>): void {
    for (const [workerId, factor] of factors) this.#factors.set(workerId, factor);
  }

  /** Runs below 1 ms count as 1 ms; a duration that is no time is not learned. */
  learn(run: Run): void {
    if (!Number.isFinite(run.durationMs) || run.durationMs < 0) return;
    for (const level of levels) {
      this.#ringToChange(level.keyOf(run)).add(run.workerId, Math.max(1, run.durationMs));
    }
  }

  /** `null` until the first run of all. */
  estimate(query: RunQuery): DurationEstimate | null {
    const thin: DurationEstimate[] = [];
    for (const level of levels) {
      const estimate = this.#estimateAt(level, query);
      if (estimate === null) continue;
      if (estimate.runs >= runsEnough) return thin.reduceRight(lean, estimate);
      // As many runs as the nearer comparison has are, as a rule, the same runs.
      if (estimate.runs !== thin.at(-1)?.runs) thin.push(estimate);
    }
    const coarsest = thin.at(-1);
    return coarsest === undefined ? null : thin.reduceRight(lean, guessAround(coarsest));
  }

  /** What is left of a run that has lasted `elapsedMs` already. */
  remaining(query: RunQuery, elapsedMs: number): DurationEstimate | null {
    const estimate = this.estimate(query);
    return estimate && remainingOf(estimate, elapsedMs);
  }

  /** Kinds on workers with enough runs to compare their speeds. */
  *medians(): Generator<KindMedian> {
    for (const [key, ring] of this.#rings) {
      if (!key.startsWith('0\0') || ring.runs < runsEnough) continue;
      const [, workerId, ...kind] = key.split('\0');
      const { p50Ms, runs } = ring.figures();
      yield { workerId: workerId as WorkerId, kind: kind.join('\0'), p50Ms, runs };
    }
  }

  #ringToChange(key: string): DurationRing {
    const ring = this.#rings.get(key) ?? new DurationRing();
    this.#rings.delete(key);
    this.#rings.set(key, ring);
    for (const oldest of this.#rings.keys()) {
      if (this.#rings.size <= this.#ringsMax) break;
      this.#rings.delete(oldest);
    }
    return ring;
  }

  #estimateAt({ basis, isShared, keyOf }: Level, query: RunQuery): DurationEstimate | null {
    const ring = this.#rings.get(keyOf(query));
    if (ring === undefined) return null;
    if (!isShared) return { ...ring.figures(), basis };
    const { p50Ms, p90Ms, meanMs, varianceMs2, runs } = ring.figures(this.#factors);
    const factor = this.#factors.of(query.workerId);
    return {
      p50Ms: p50Ms / factor,
      p90Ms: p90Ms / factor,
      meanMs: meanMs / factor,
      varianceMs2: varianceMs2 / (factor * factor),
      runs,
      basis,
    };
  }
}

/** So few runs tell where the middle is, and nothing of the spread: the 90th percentile is that of a normal guess. */
function guessAround(few: DurationEstimate): DurationEstimate {
  return {
    ...few,
    p90Ms: few.p50Ms * (1 + 1.2816 * spreadGuess),
    meanMs: few.p50Ms,
    varianceMs2: (few.p50Ms * spreadGuess) ** 2,
  };
}

/** Lets a few near runs pull a coarse estimate: by ratios, so that one of ten hours does not outweigh the others. */
function lean(coarse: DurationEstimate, near: DurationEstimate): DurationEstimate {
  const share = near.runs / runsEnough;
  const mix = (from: number, to: number) => from ** (1 - share) * to ** share;
  const meanMs = mix(coarse.meanMs, near.meanMs);
  const spread = (1 - share) * relativeSpread(coarse) + share * relativeSpread(near);
  return {
    ...coarse,
    p50Ms: mix(coarse.p50Ms, near.p50Ms),
    p90Ms: mix(coarse.p90Ms, near.p90Ms),
    meanMs,
    varianceMs2: (spread * meanMs) ** 2,
  };
}

function relativeSpread({ varianceMs2, meanMs }: DurationFigures): number {
  return Math.sqrt(varianceMs2) / meanMs;
}

/** How long a task takes on a worker; `null` where nothing is known. */
export type Durations = (workerId: WorkerId) => DurationEstimate | null;

/**
 * The estimates of one moment. Tasks of one kind share them, so that two thousand tasks ask the book some dozens of
 * times. It does not see what is learned later: make one for each forecast.
 */
export function durationsNow(book: DurationBook): (kind: RunKind) => Durations {
  const known = new Map<string, Durations>();
  return ({ model, taskType, promptChars }) => {
    const kind = kindOf({ model, taskType, promptChars });
    let durations = known.get(kind);
    if (durations === undefined) {
      const byWorker = new Map<WorkerId, DurationEstimate | null>();
      durations = (workerId) => {
        let estimate = byWorker.get(workerId);
        if (estimate === undefined) {
          estimate = book.estimate({ workerId, model, taskType, promptChars });
          byWorker.set(workerId, estimate);
        }
        return estimate;
      };
      known.set(kind, durations);
    }
    return durations;
  };
}
