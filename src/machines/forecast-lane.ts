import type { Durations } from './duration-book.ts';
import type { WorkerId } from './identifiers.ts';
import { LaneSpeeds, type LaneWorker } from './lane-speeds.ts';
import type { SlotTimes } from './slot-times.ts';

/**
 * Tasks that may take the same slots. One object for all of them: classes are told apart by identity, and a forecast
 * costs the number of classes for each task.
 */
export interface RouteClass {
  /** Indexes of slots: any of the first list before any of the second. Empty when no worker may take its tasks. */
  readonly tiers: readonly (readonly number[])[];
}

/** Which of several free slots is taken: that of the worker with less load, or of the faster one. */
export type Preference = 'less load' | 'speed';

/** The tasks of one route class in a forecast, in order, and the slot that is free first for them. */
export class Lane<T> {
  readonly routeClass: RouteClass;
  readonly slots: readonly number[];
  /** The slot that is free first, as of the last `look`; −1 when there is none. */
  firstFree = -1;
  /** When that is, in ms from now. */
  freeMs = Number.POSITIVE_INFINITY;
  readonly #times: SlotTimes;
  /** For each slot of the forecast its tier; −1 for those that its tasks may not take. */
  readonly #tierOf: Int16Array;
  readonly #workers: readonly LaneWorker[];
  readonly #speeds = new Map<Durations, LaneSpeeds>();
  readonly #tasks: T[] = [];
  readonly #places: number[] = [];
  #next = 0;

  constructor(routeClass: RouteClass, times: SlotTimes) {
    this.routeClass = routeClass;
    this.slots = routeClass.tiers.flat();
    this.#times = times;
    this.#tierOf = new Int16Array(times.workers.length).fill(-1);
    for (const [tier, slots] of routeClass.tiers.entries()) {
      for (const slot of slots) this.#tierOf[slot] = tier;
    }
    this.#workers = workersOf(this.slots, times);
    this.look();
  }

  push(task: T, placeInAll: number): void {
    this.#tasks.push(task);
    this.#places.push(placeInAll);
  }

  /** The place of its first task in the order of all; `undefined` when none is left. */
  get headPlace(): number | undefined {
    return this.#places[this.#next];
  }

  /** Tasks that were placed. */
  get placed(): number {
    return this.#next;
  }

  shift(): { task: T; placeInAll: number } {
    const at = this.#next;
    this.#next += 1;
    return { task: this.#tasks[at] as T, placeInAll: this.#places[at] as number };
  }

  speeds(durations: Durations): LaneSpeeds {
    let speeds = this.#speeds.get(durations);
    if (speeds === undefined) {
      speeds = new LaneSpeeds(this.#workers, this.#times.workers.length, durations);
      this.#speeds.set(durations, speeds);
    }
    return speeds;
  }

  /** Looks again which slot is free first. Slots are only ever taken, so this holds until that one is. */
  look(): void {
    const { order, freeMs } = this.#times;
    for (let at = 0; at < order.length; at += 1) {
      const slot = order[at] as number;
      if ((this.#tierOf[slot] as number) < 0) continue;
      this.firstFree = slot;
      this.freeMs = freeMs[slot] as number;
      return;
    }
    this.firstFree = -1;
    this.freeMs = Number.POSITIVE_INFINITY;
  }

  /** Chooses as the pool does among the slots that are free at a time: by tier, then by load and speed, then the first. */
  choose(timeMs: number, prefers: Preference, speeds: LaneSpeeds): number {
    const { order, freeMs } = this.#times;
    let free: number[] | undefined;
    let found = this.firstFree;
    for (let at = 0; at < order.length; at += 1) {
      const slot = order[at] as number;
      if ((freeMs[slot] as number) > timeMs) break;
      const tier = this.#tierOf[slot] as number;
      if (tier < 0 || slot === found || tier > (this.#tierOf[found] as number)) continue;
      if (tier === this.#tierOf[found]) {
        free ??= [found];
        free.push(slot);
      } else {
        found = slot;
        free = undefined;
      }
    }
    return free === undefined ? found : best(free, timeMs, prefers, speeds, this.#times);
  }

  /** The slot that is free first of those on workers of another speed. */
  rival(slot: number, { groupOf }: LaneSpeeds): number | undefined {
    const group = groupOf[slot];
    return this.#times.order.find((other) => (groupOf[other] as number) >= 0 && groupOf[other] !== group);
  }
}

function workersOf(slots: readonly number[], { workers }: SlotTimes): readonly LaneWorker[] {
  const known = new Map<WorkerId, number[]>();
  for (const slot of slots) {
    const workerId = workers[slot] as WorkerId;
    const own = known.get(workerId);
    if (own === undefined) known.set(workerId, [slot]);
    else own.push(slot);
  }
  return [...known].map(([workerId, own]) => ({ workerId, slots: own }));
}

function best(
  free: readonly number[],
  timeMs: number,
  prefers: Preference,
  { durations }: LaneSpeeds,
  times: SlotTimes,
): number {
  let found = -1;
  let foundLoad = Number.POSITIVE_INFINITY;
  let foundMs = Number.POSITIVE_INFINITY;
  for (const slot of free) {
    const load = times.loadAt(timeMs, slot);
    const meanMs = durations[slot]?.meanMs ?? Number.POSITIVE_INFINITY;
    const byLoad = load - foundLoad;
    const bySpeed = meanMs === foundMs ? 0 : meanMs - foundMs;
    const order = prefers === 'speed' ? bySpeed || byLoad : byLoad || bySpeed;
    if (order > 0 || (order === 0 && slot > found)) continue;
    found = slot;
    foundLoad = load;
    foundMs = meanMs;
  }
  return found;
}
