import type { Span } from './prediction.ts';

/** How good the last predictions were. All shares are parts of 1. */
export interface PredictionRecord {
  /** Predictions that it covers. */
  readonly runs: number;
  /** The middle one of |actual − p50| / actual. */
  readonly medianError: number;
  /** The mean of the same: one run that took a hundredth of what was said weighs in heavily. */
  readonly meanError: number;
  /** Those that were over by their p90; 0.9 is what was promised. */
  readonly withinP90: number;
  /** Over all of them, p50 less actual by actual: above 0 when too much time was said. */
  readonly bias: number;
}

/** Predictions that are remembered. */
const errorsMax = 256;

interface Noted {
  readonly p50Ms: number;
  readonly actualMs: number;
  readonly isWithinP90: boolean;
}

/** Keeps what the last predictions said, beside what then came. */
export class PredictionError {
  readonly #noted: Noted[] = [];
  #next = 0;

  /**
   * @param predicted from the moment of the prediction, in ms
   * @param actualMs from the same moment; below 1 ms it counts as 1 ms
   */
  note(predicted: Span, actualMs: number): void {
    if (!Number.isFinite(predicted.p50Ms) || !Number.isFinite(actualMs)) return;
    this.#noted[this.#next] = {
      p50Ms: predicted.p50Ms,
      actualMs: Math.max(1, actualMs),
      isWithinP90: actualMs <= predicted.p90Ms,
    };
    this.#next = (this.#next + 1) % errorsMax;
  }

  /** `null` before the first. */
  summary(): PredictionRecord | null {
    const runs = this.#noted.length;
    if (runs === 0) return null;
    const errors = this.#noted.map(({ p50Ms, actualMs }) => Math.abs(actualMs - p50Ms) / actualMs);
    errors.sort((a, b) => a - b);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const actual = sum(this.#noted.map(({ actualMs }) => actualMs));
    return {
      runs,
      medianError: ((errors[(runs - 1) >> 1] ?? 0) + (errors[runs >> 1] ?? 0)) / 2,
      meanError: sum(errors) / runs,
      withinP90: this.#noted.filter(({ isWithinP90 }) => isWithinP90).length / runs,
      bias: sum(this.#noted.map(({ p50Ms }) => p50Ms)) / actual - 1,
    };
  }
}
