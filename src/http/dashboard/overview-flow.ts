import type { LiveEvent } from './live-event.ts';

/** What happened in a time, from its beginning `atMs` on. */
interface Bucket {
  atMs: number;
  accepted: number;
  ended: number;
  waits: number;
  waitMs: number;
}

/** Points for a chart, the oldest first; `at` in epoch seconds. */
export interface FlowSeries {
  readonly at: readonly number[];
  /** `null` for the time before anybody counted. */
  readonly endedPerMinute: readonly (number | null)[];
  readonly acceptedPerMinute: readonly (number | null)[];
  /** `null` where nothing began. */
  readonly waitSeconds: readonly (number | null)[];
}

/**
 * How much is accepted and done, and how long it waits, counted from the events as they come. Bounded: so many buckets,
 * and so many tasks whose acceptance is remembered.
 */
export class Flow {
  readonly #bucketMs: number;
  readonly #sinceMs: number;
  readonly #rememberedMax: number;
  readonly #ring: Bucket[];
  readonly #acceptedMs = new Map<string, number>();

  constructor({ bucketMs = 5_000, buckets = 120, rememberedMax = 20_000, sinceMs = 0 } = {}) {
    this.#bucketMs = bucketMs;
    this.#sinceMs = sinceMs;
    this.#rememberedMax = rememberedMax;
    this.#ring = Array.from({ length: buckets }, () => fresh(Number.NEGATIVE_INFINITY));
  }

  hear(events: readonly LiveEvent[]): void {
    for (const event of events) if (event.type === 'task_update') this.#hear(event);
  }

  /** @param nowMs the last point is the bucket before the one of this moment: that one is not full yet */
  series(nowMs: number): FlowSeries {
    const { length } = this.#ring;
    const minutes = this.#bucketMs / 60_000;
    const now = this.#beginOf(nowMs);
    const buckets = Array.from({ length: length - 1 }, (_, index) =>
      this.#at(now - (length - 1 - index) * this.#bucketMs),
    );
    const rateOf = (count: number, { atMs }: Bucket) =>
      atMs + this.#bucketMs <= this.#sinceMs ? null : count / minutes;
    return {
      at: buckets.map(({ atMs }) => atMs / 1_000),
      endedPerMinute: buckets.map((bucket) => rateOf(bucket.ended, bucket)),
      acceptedPerMinute: buckets.map((bucket) => rateOf(bucket.accepted, bucket)),
      waitSeconds: buckets.map(({ waits, waitMs }) => (waits === 0 ? null : waitMs / waits / 1_000)),
    };
  }

  /** How many tasks are remembered, for the proof that they are bounded. */
  get remembered(): number {
    return this.#acceptedMs.size;
  }

  #hear({ task_id: taskId = '', details, timestamp }: LiveEvent): void {
    const atMs = Date.parse(timestamp);
    switch (details.event) {
      case 'task.accepted': {
        this.#bucket(atMs).accepted += 1;
        const runAt = details['run_at'];
        this.#remember(taskId, typeof runAt === 'number' ? Math.max(atMs, runAt) : atMs);
        return;
      }
      case 'task.assigned': {
        const since = this.#acceptedMs.get(taskId);
        if (since === undefined) return;
        this.#acceptedMs.delete(taskId);
        const bucket = this.#bucket(atMs);
        bucket.waits += 1;
        bucket.waitMs += Math.max(0, atMs - since);
        return;
      }
      case 'task.completed':
      case 'task.failed':
      case 'task.cancelled':
        this.#acceptedMs.delete(taskId);
        this.#bucket(atMs).ended += 1;
    }
  }

  #remember(taskId: string, sinceMs: number): void {
    this.#acceptedMs.set(taskId, sinceMs);
    if (this.#acceptedMs.size <= this.#rememberedMax) return;
    for (const oldest of this.#acceptedMs.keys()) {
      this.#acceptedMs.delete(oldest);
      return;
    }
  }

  /** The bucket of a moment, to be counted in. */
  #bucket(atMs: number): Bucket {
    const begin = this.#beginOf(atMs);
    const place = this.#placeOf(begin);
    const found = this.#ring[place];
    if (found?.atMs === begin) return found;
    const bucket = fresh(begin);
    // What comes late, as after a cut, does not take the place of what is newer, and is not counted.
    if (found === undefined || found.atMs < begin) this.#ring[place] = bucket;
    return bucket;
  }

  #at(begin: number): Bucket {
    const found = this.#ring[this.#placeOf(begin)];
    return found?.atMs === begin ? found : fresh(begin);
  }

  #beginOf(atMs: number): number {
    return Math.floor(atMs / this.#bucketMs) * this.#bucketMs;
  }

  #placeOf(begin: number): number {
    const { length } = this.#ring;
    return (((begin / this.#bucketMs) % length) + length) % length;
  }
}

function fresh(atMs: number): Bucket {
  return { atMs, accepted: 0, ended: 0, waits: 0, waitMs: 0 };
}
