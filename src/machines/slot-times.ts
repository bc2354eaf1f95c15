import type { DurationFigures } from './duration-ring.ts';
import type { WorkerId } from './identifiers.ts';

/** Place for one run on a worker. */
export interface ForecastSlot {
  readonly workerId: WorkerId;
  /** Until what runs there ends, in ms: zeros for a free slot, an infinite mean where nothing is known of it. */
  readonly freeIn: { readonly meanMs: number; readonly varianceMs2: number };
}

/** How sure a time is. */
export interface Doubt {
  /** Of the runs before it on the same slot, in ms². */
  readonly varianceMs2: number;
  /** What the mean itself may be off by: the same for all runs of a kind, so that it adds up instead of evening out. */
  readonly offMs: number;
}

/** When the slots of a forecast are free, and how sure that is. It moves forward only: runs are put at the end. */
export class SlotTimes {
  readonly workers: readonly WorkerId[];
  /** When each is free: mean, in ms from now. */
  readonly freeMs: Float64Array;
  /** Slots by the time when they are free. */
  readonly order: readonly number[];
  readonly #order: number[];
  readonly #varianceMs2: Float64Array;
  readonly #offMs: Float64Array;
  /** For each slot all slots of its worker. */
  readonly #mates: readonly (readonly number[])[];
  readonly #leasesMax: number;

  constructor(slots: readonly ForecastSlot[], leasesMax: number) {
    this.workers = slots.map((slot) => slot.workerId);
    this.freeMs = Float64Array.from(slots, (slot) => Math.max(0, slot.freeIn.meanMs));
    this.#varianceMs2 = Float64Array.from(slots, (slot) => slot.freeIn.varianceMs2);
    this.#offMs = new Float64Array(slots.length);
    this.#leasesMax = leasesMax;
    const ofWorker = new Map<WorkerId, number[]>();
    this.#mates = slots.map(({ workerId }, at) => {
      const mates = ofWorker.get(workerId) ?? [];
      ofWorker.set(workerId, mates);
      mates.push(at);
      return mates;
    });
    this.#order = slots.map((_, at) => at).sort((a, b) => this.#compare(a, b));
    this.order = this.#order;
  }

  /** From when on fewer runs than `pool.max_active_tasks` are under way. */
  get roomMs(): number {
    if (this.#leasesMax < 1) return Number.POSITIVE_INFINITY;
    const last = this.#lastToEnd;
    return last === undefined ? 0 : (this.freeMs[last] as number);
  }

  /** The part of all slots that may be taken at once. */
  get leasesShare(): number {
    return Math.min(1, this.#leasesMax / this.workers.length);
  }

  /** The share of the slots of a slot's worker that are taken at a time. */
  loadAt(timeMs: number, slot: number): number {
    const mates = this.#mates[slot] as readonly number[];
    let taken = 0;
    for (const mate of mates) if ((this.freeMs[mate] as number) > timeMs) taken += 1;
    return taken / mates.length;
  }

  /** How sure it is that a slot can be taken at `startMs`, a time at which it is free. */
  doubt(slot: number, startMs: number): Doubt {
    const varianceMs2 = this.#varianceMs2[slot] as number;
    const offMs = this.#offMs[slot] as number;
    const last = this.#lastToEnd;
    if (last === undefined || startMs <= (this.freeMs[slot] as number)) return { varianceMs2, offMs };
    // It is free, and waits for the limit of leases.
    return {
      varianceMs2: Math.max(varianceMs2, this.#varianceMs2[last] as number),
      offMs: Math.max(offMs, this.#offMs[last] as number),
    };
  }

  /** Takes a slot from `startMs` on. A run of which nothing is known holds it for ever. */
  take(slot: number, startMs: number, doubt: Doubt, run: DurationFigures | null): void {
    this.freeMs[slot] = run === null ? Number.POSITIVE_INFINITY : startMs + run.meanMs;
    if (run !== null) {
      this.#varianceMs2[slot] = doubt.varianceMs2 + run.varianceMs2;
      this.#offMs[slot] = doubt.offMs + Math.sqrt(run.varianceMs2 / run.runs);
    }
    this.#moveBack(slot);
  }

  /** Of n slots and L leases: once the n − L + 1 that end first are free, fewer than L are taken. */
  get #lastToEnd(): number | undefined {
    const { length } = this.#order;
    return this.#leasesMax >= length ? undefined : this.#order[length - this.#leasesMax];
  }

  #compare(a: number, b: number): number {
    const [freeA, freeB] = [this.freeMs[a] as number, this.freeMs[b] as number];
    return freeA === freeB ? a - b : freeA - freeB;
  }

  #moveBack(slot: number): void {
    const { freeMs } = this;
    const order = this.#order;
    const mine = freeMs[slot] as number;
    let at = order.indexOf(slot) + 1;
    for (; at < order.length; at += 1) {
      const next = order[at] as number;
      const free = freeMs[next] as number;
      if (free > mine || (free === mine && next > slot)) break;
      order[at - 1] = next;
    }
    order[at - 1] = slot;
  }
}
