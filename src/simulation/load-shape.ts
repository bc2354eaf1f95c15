import type { RecordedTask } from './recorded-load.ts';
import { sameEverywhere } from './seeded-random.ts';

/** What clients ask for, and how they behave. Shares are of one. */
export interface LoadShape {
  /** Tasks per hour, bursts aside; `null` keeps the workers busy for `utilisation` of the time. */
  readonly perHour: number | null;
  /** Of what the slots can do by their speeds; used where `perHour` is `null`. */
  readonly utilisation: number;
  /** Herds: so many times an hour, `burstTasks` arrive at one moment. */
  readonly burstsPerHour: number;
  readonly burstTasks: number;
  readonly priorities: 'mixed' | 'equal' | 'patient';
  /** Types that tasks have, drawn evenly; empty takes those of the configuration. */
  readonly taskTypes: readonly string[];
  /** Of tasks that are to start later. */
  readonly scheduled: number;
  /** Of tasks that are cancelled: soon, later, or while they end. */
  readonly cancelled: number;
  /** Of tasks that are given another priority. */
  readonly moved: number;
  /** Of tasks that somebody follows. */
  readonly watched: number;
  /** Of tasks that are asked for under a key, and asked for again when no answer comes. */
  readonly keyed: number;
  /** Of keyed tasks that are asked for twice although an answer came. */
  readonly doubled: number;
  /** Of failed tasks that are tried anew. */
  readonly retried: number;
  /** Of tasks that ask for what another one asked for. */
  readonly repeated: number;
  /** Those who come, in the order in which they do, in place of those who are drawn. */
  readonly recorded?: readonly RecordedTask[];
}

/** What a workshop's day looks like. */
export const usualLoad: LoadShape = {
  perHour: null,
  utilisation: 0.7,
  burstsPerHour: 1,
  burstTasks: 20,
  priorities: 'mixed',
  taskTypes: [],
  scheduled: 0.05,
  cancelled: 0.05,
  moved: 0.03,
  watched: 0.1,
  keyed: 0.5,
  doubled: 0.1,
  retried: 0.3,
  repeated: 0.05,
};

/** How long an average task takes on a worker of factor 1, and on one of factor 0.1: both were measured. */
const fastMs = 30_000;
const slowMs = 233_000;

/** How long an average task takes on a worker, in ms; between and beyond the two that were measured, by a power law. */
export function serviceMsOf(performanceFactor: number): number {
  return sameEverywhere(fastMs * performanceFactor ** -Math.log10(slowMs / fastMs));
}
