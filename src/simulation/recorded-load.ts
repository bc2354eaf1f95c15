import type { WorkerId } from '../machines/identifiers.ts';
import { type Directions, undirected } from './directions.ts';
import { serviceMsOf } from './load-shape.ts';
import { headOf } from './virtual-server.ts';

/** A task as it was asked for once, and what it then took. Times in ms. */
export interface RecordedTask {
  /** Since the beginning of the record. */
  readonly atMs: number;
  readonly taskType: string;
  readonly priority: number;
  /** Characters of its prompt. */
  readonly chars: number;
  /** It was to start so long after it was asked for; `null` for at once. */
  readonly laterMs: number | null;
  /** It was cancelled so long after it was asked for. */
  readonly cancelledAfterMs: number | null;
  /** The attempt that completed it; `null` where none did. */
  readonly run: RecordedRun | null;
}

export interface RecordedRun {
  readonly workerId: WorkerId;
  /** What the worker's `performance_factor` was. */
  readonly factor: number;
  readonly durationMs: number;
}

/** What the n-th task of a record asks for, from 1 on. What it said is nobody's business, and only its length matters. */
export function promptOfRecorded(n: number, { chars }: RecordedTask): string {
  const name = `t${n}:`;
  return name.padEnd(Math.max(chars, name.length), 'x');
}

/**
 * Has each task take what it took: on the worker that did it to the millisecond, on another in proportion to the speeds
 * of both. One that never completed is left to chance.
 */
export function directionsOf(tasks: readonly RecordedTask[]): Directions {
  const runs = new Map(tasks.map(({ run }, at) => [`t${at + 1}`, run]));
  return {
    ...undirected,
    serviceMsOf: (prompt, worker) => {
      const run = runs.get(headOf(prompt));
      if (run === undefined || run === null) return undefined;
      if (run.workerId === worker.workerId) return run.durationMs;
      return (run.durationMs * serviceMsOf(worker.performanceFactor)) / serviceMsOf(run.factor);
    },
  };
}
