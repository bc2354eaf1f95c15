import type { Durations } from './duration-book.ts';
import type { Lane, RouteClass } from './forecast-lane.ts';
import type { WorkerId } from './identifiers.ts';
import { finishSpan, type Prediction, startSpan } from './prediction.ts';
import type { SlotTimes } from './slot-times.ts';

/** How far a wait that is told by throughput alone may be off: a part of it, as one standard deviation. */
const throughputDoubt = 0.1;

interface Throughput {
  readonly perMs: number;
  /** The one that is free first. */
  readonly slot: number | undefined;
}

/** What a forecast knows of tasks behind the last one that it followed: by the throughput of each route class. */
export class Horizon {
  readonly #nowMs: number;
  readonly #times: SlotTimes;
  readonly #lanes: ReadonlyMap<RouteClass, Lane<unknown>>;
  readonly #placedAt: Float64Array;
  /** Nothing moves any more, and thousands may ask. */
  readonly #known = new Map<RouteClass, Map<Durations, Throughput>>();

  constructor(nowMs: number, times: SlotTimes, lanes: readonly Lane<unknown>[]) {
    this.#nowMs = nowMs;
    this.#times = times;
    this.#lanes = new Map(lanes.map((lane) => [lane.routeClass, lane]));
    // How many tasks wanted each slot: what its throughput is divided by.
    this.#placedAt = new Float64Array(times.workers.length);
    for (const lane of lanes) {
      for (const slot of lane.slots) this.#placedAt[slot] = (this.#placedAt[slot] ?? 0) + lane.placed;
    }
  }

  /** Tasks of a class whose way was followed. */
  followed(routeClass: RouteClass): number {
    return this.#lanes.get(routeClass)?.placed ?? 0;
  }

  /**
   * Tasks of a class that start in a millisecond, as long as the queue lasts: what its slots do, less what the other
   * classes took of them so far. 0 when it has no slot, or nothing is known of their speed.
   */
  startsPerMs(routeClass: RouteClass, durations: Durations): number {
    const own = this.followed(routeClass);
    let perMs = 0;
    for (const slot of routeClass.tiers.flat()) {
      const worker = this.#times.workers[slot];
      const estimate = worker === undefined ? null : durations(worker);
      if (estimate === null || this.#times.freeMs[slot] === Number.POSITIVE_INFINITY) continue;
      const wanted = this.#placedAt[slot] ?? 0;
      perMs += (own > 0 ? own / wanted : 1) / estimate.meanMs;
    }
    return perMs * this.#times.leasesShare;
  }

  /**
   * A task that was not followed.
   *
   * @param place among the tasks of its class: 1 for the first of them that waits
   * @param placeInAll only handed through
   */
  predict(
    routeClass: RouteClass,
    place: number,
    placeInAll: number,
    durations: Durations,
  ): Prediction | null {
    const times = this.#times;
    const { perMs, slot } = this.#throughput(routeClass, durations);
    const duration = slot === undefined ? null : durations(times.workers[slot] as WorkerId);
    if (slot === undefined || duration === null || perMs === 0) return null;
    const ahead = Math.max(0, place - 1 - this.followed(routeClass));
    const waitMs = ahead / perMs;
    const firstMs = Math.max(times.freeMs[slot] as number, times.roomMs);
    const doubt = times.doubt(slot, firstMs);
    const relative2 = duration.varianceMs2 / (duration.meanMs * duration.meanMs);
    const varianceMs2 = doubt.varianceMs2 + (ahead * relative2) / (perMs * perMs);
    const offMs = doubt.offMs + throughputDoubt * waitMs;
    const start = startSpan(firstMs + waitMs, { varianceMs2, offMs }, 1, duration.meanMs);
    const finish = finishSpan(start, duration);
    return {
      place: placeInAll,
      start: { p50Ms: this.#nowMs + start.p50Ms, p90Ms: this.#nowMs + start.p90Ms },
      finish: { p50Ms: this.#nowMs + finish.p50Ms, p90Ms: this.#nowMs + finish.p90Ms },
    };
  }
  #throughput(routeClass: RouteClass, durations: Durations): Throughput {
    let byKind = this.#known.get(routeClass);
    if (byKind === undefined) {
      byKind = new Map();
      this.#known.set(routeClass, byKind);
    }
    let throughput = byKind.get(durations);
    if (throughput === undefined) {
      const slots = new Set(routeClass.tiers.flat());
      throughput = {
        perMs: this.startsPerMs(routeClass, durations),
        slot: this.#times.order.find((each) => slots.has(each)),
      };
      byKind.set(durations, throughput);
    }
    return throughput;
  }
}
