import type { DurationEstimate } from '../machines/duration-book.ts';
import type { Span } from '../machines/prediction.ts';

/** A time that is not certain: half of the cases lie before the first, nine of ten before the second. ISO 8601 in UTC. */
export interface SpanView {
  readonly p50: string;
  readonly p90: string;
}

/** What is expected of a task that has not ended. It is corrected with each run that ends. */
export interface PredictionView {
  /** In the order of dispatch, over all that waits; 1 is next. `null` for a task that does not wait for a worker. */
  readonly place: number | null;
  /** Of one that runs, when it was begun. `null` where that is unknown. */
  readonly start: SpanView | null;
  /** `null` where nothing is known of how long it takes. */
  readonly finish: SpanView | null;
  /** The same from now on, in seconds; 0 for what has begun. */
  readonly in_seconds: {
    readonly start_p50: number | null;
    readonly start_p90: number | null;
    readonly finish_p50: number | null;
    readonly finish_p90: number | null;
  };
  /** What it was told from: `64 runs of worker, model, type and length`. */
  readonly basis: string;
}

/** What is expected of a task, in ms from now. */
export interface Foretold {
  readonly place: number | null;
  /** Below 0 when it has begun. */
  readonly start: Span | null;
  readonly finish: Span | null;
  readonly basis: DurationEstimate | null;
}

/** @param wallMs the wall clock now */
export function predictionView({ place, start, finish, basis }: Foretold, wallMs: number): PredictionView {
  return {
    place,
    start: start && spanView(start, wallMs),
    finish: finish && spanView(finish, wallMs),
    in_seconds: {
      start_p50: start && seconds(start.p50Ms),
      start_p90: start && seconds(start.p90Ms),
      finish_p50: finish && seconds(finish.p50Ms),
      finish_p90: finish && seconds(finish.p90Ms),
    },
    basis:
      basis === null ? 'no run yet' : `${basis.runs} ${basis.runs === 1 ? 'run' : 'runs'} of ${basis.basis}`,
  };
}

/** Some doubts have no end that a date could name. */
const datesMsMax = 8.64e15;

function spanView({ p50Ms, p90Ms }: Span, wallMs: number): SpanView {
  return { p50: isoAt(wallMs + p50Ms), p90: isoAt(wallMs + p90Ms) };
}

function isoAt(atMs: number): string {
  return new Date(Math.min(atMs, datesMsMax)).toISOString();
}

function seconds(ms: number): number {
  return Math.round(Math.max(0, Math.min(ms, datesMsMax))) / 1_000;
}
