import type { DurationEstimate, Durations } from './duration-book.ts';
import type { DurationFigures } from './duration-ring.ts';
import type { WorkerId } from './identifiers.ts';

/** Workers of a lane that take about as long for a kind. */
export interface SpeedGroup {
  /** Of all of them, by how many runs each does. */
  readonly duration: DurationFigures;
  /** Their part of all runs of the kind, when all slots are busy. */
  readonly share: number;
}

/** Workers within this ratio take about as long: a task may end on any of them, and the forecast holds. */
const alikeRatio = 1.5;

/** A worker whose slots a lane may take. */
export interface LaneWorker {
  readonly workerId: WorkerId;
  readonly slots: readonly number[];
}

interface Member {
  readonly slots: readonly number[];
  readonly duration: DurationEstimate;
}

/** How long the workers of a lane take for one kind of task, and who does how many. */
export class LaneSpeeds {
  /** For each slot of the lane how long a task takes there; none where nothing is known. */
  readonly durations: readonly (DurationEstimate | undefined)[];
  /** Runs per ms of all slots together. */
  readonly perMs: number;
  /** The fastest first. Empty when all workers take about as long. */
  readonly groups: readonly SpeedGroup[];
  /** For each slot its group, where there are groups; −1 for slots that are in none. */
  readonly groupOf: Int8Array;

  /** @param slots of the forecast */
  constructor(workers: readonly LaneWorker[], slots: number, durations: Durations) {
    const known = new Array<DurationEstimate | undefined>(slots);
    const members: Member[] = [];
    let perMs = 0;
    let fastestMs = Number.POSITIVE_INFINITY;
    let slowestMs = 0;
    for (const worker of workers) {
      const duration = durations(worker.workerId);
      if (duration === null) continue;
      for (const slot of worker.slots) known[slot] = duration;
      members.push({ slots: worker.slots, duration });
      perMs += worker.slots.length / duration.meanMs;
      fastestMs = Math.min(fastestMs, duration.meanMs);
      slowestMs = Math.max(slowestMs, duration.meanMs);
    }
    this.durations = known;
    this.perMs = perMs;
    const groups = slowestMs > fastestMs * alikeRatio ? alike(members) : [];
    this.groupOf = new Int8Array(groups.length > 0 ? slots : 0).fill(-1);
    for (const [number, group] of groups.entries()) {
      for (const member of group) for (const slot of member.slots) this.groupOf[slot] = number;
    }
    this.groups = groups.map((group) => together(group, perMs));
  }
}

/** The fastest first, cut where one is too slow for the first of its group. */
function alike(members: readonly Member[]): Member[][] {
  const groups: Member[][] = [];
  let groupMs = 0;
  for (const member of members.toSorted((a, b) => a.duration.meanMs - b.duration.meanMs)) {
    const group = groups.at(-1);
    if (group !== undefined && member.duration.meanMs <= groupMs * alikeRatio) {
      group.push(member);
    } else {
      groups.push([member]);
      groupMs = member.duration.meanMs;
    }
  }
  return groups;
}

function together(group: readonly Member[], perMsInAll: number): SpeedGroup {
  const perMs = group.reduce((sum, { slots, duration }) => sum + slots.length / duration.meanMs, 0);
  const mean = (of: (figures: DurationFigures) => number) =>
    group.reduce((sum, { slots, duration }) => sum + (of(duration) * slots.length) / duration.meanMs, 0) /
    perMs;
  const meanMs = mean((figures) => figures.meanMs);
  return {
    share: perMs / perMsInAll,
    duration: {
      p50Ms: mean(({ p50Ms }) => p50Ms),
      p90Ms: mean(({ p90Ms }) => p90Ms),
      meanMs,
      varianceMs2: mean((figures) => figures.varianceMs2 + (figures.meanMs - meanMs) ** 2),
      runs: Math.min(...group.map(({ duration }) => duration.runs)),
    },
  };
}
