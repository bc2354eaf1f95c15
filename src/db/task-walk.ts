import { and, asc, desc, type SQL, sql } from 'drizzle-orm';
import { searchLimits } from '../machines/search-limits.ts';
import type { Db } from './client.ts';
import { taskMaster } from './schema.ts';
import { sqlTime } from './sql-time.ts';
import { conditionOf, type TaskFilter } from './task-filter.ts';

/** By acceptance, or the higher priority first and, among equals, the older. */
export const taskOrders = ['newest', 'oldest', 'priority'] as const;
export type TaskOrder = (typeof taskOrders)[number];

/** Where a walk stands: behind this task. */
export interface TaskCursor {
  /** Of the tier that it is in; `null` where the order knows no tiers. */
  readonly priority: number | null;
  readonly seq: number;
}

/** Some rows of a walk, as a condition for a query; `order` is that of the walk. */
export interface Slice {
  readonly where: SQL | undefined;
  readonly order: SQL;
  readonly tier: number | null;
  /** The last row of it, whether it is wanted or not. */
  readonly end: TaskCursor;
}

interface Bounds {
  readonly low: number;
  readonly high: number;
}

const priorities = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
/** In ms of a clock that only grows. */
const clock = () => performance.now();

/**
 * Looks through the tasks along an index, slice by slice, until all were seen or the time is over: there may be a million
 * of them, and no index over their prompts. Slices grow and shrink, so that each takes about as long.
 */
export class TaskWalk {
  /** Nothing is left; known when the slices have ended. */
  isWhole = false;
  readonly #db: Db;
  readonly #filter: TaskFilter;
  readonly #order: TaskOrder;
  readonly #untilMs: number;
  readonly #now: () => number;
  #rows: number = searchLimits.sliceRowsFirst;

  /** @param patienceMs how long it may take; one slice is always read */
  constructor(db: Db, filter: TaskFilter, order: TaskOrder, patienceMs: number, now = clock) {
    this.#db = db;
    this.#filter = filter;
    this.#order = order;
    this.#now = now;
    this.#untilMs = now() + patienceMs;
  }

  /** @param from behind this place; `null` for the beginning */
  *slices(from: TaskCursor | null): Generator<Slice, void> {
    const bounds = this.#bounds();
    for (const tier of this.#tiers(from)) {
      const start = from !== null && from.priority === tier ? from.seq : null;
      for (let end = this.#endOf(bounds, start); end !== null; ) {
        const startedMs = this.#now();
        yield this.#slice(tier, end.from, end.seq);
        if (this.#now() >= this.#untilMs) return;
        this.#adapt(this.#now() - startedMs);
        end = this.#endOf(bounds, end.seq);
      }
    }
    this.isWhole = true;
  }

  #tiers(from: TaskCursor | null): readonly (number | null)[] {
    if (this.#order !== 'priority') return [null];
    const { priorityMin = 1, priorityMax = 10 } = this.#filter;
    const highest = Math.min(priorityMax, from?.priority ?? 10);
    return priorities.filter((priority) => priority >= priorityMin && priority <= highest);
  }

  /** The last row of the slice behind `from`; `null` when there is none. */
  #endOf({ low, high }: Bounds, from: number | null): { from: number; seq: number } | null {
    const { status } = this.#filter;
    const isDown = this.#order === 'newest';
    const start = from ?? (isDown ? high + 1 : low - 1);
    const range = isDown
      ? sql`${taskMaster.seq} < ${start} AND ${taskMaster.seq} >= ${low}`
      : sql`${taskMaster.seq} > ${start} AND ${taskMaster.seq} <= ${high}`;
    const rows = this.#db
      .select({ seq: taskMaster.seq })
      .from(taskMaster)
      .where(and(status === undefined ? undefined : sql`${taskMaster.status} = ${status}`, range))
      .orderBy(isDown ? desc(taskMaster.seq) : asc(taskMaster.seq))
      .limit(this.#rows)
      .as('slice');
    const ends = isDown ? sql<number | null>`min(${rows.seq})` : sql<number | null>`max(${rows.seq})`;
    const seq = this.#db.select({ seq: ends }).from(rows).get()?.seq ?? null;
    return seq === null ? null : { from: start, seq };
  }

  #slice(tier: number | null, from: number, end: number): Slice {
    const isDown = this.#order === 'newest';
    const range = isDown
      ? sql`${taskMaster.seq} < ${from} AND ${taskMaster.seq} >= ${end}`
      : sql`${taskMaster.seq} > ${from} AND ${taskMaster.seq} <= ${end}`;
    const ofTier = tier === null ? undefined : sql`${taskMaster.priority} = ${tier}`;
    return {
      where: and(range, ofTier, conditionOf(this.#filter)),
      order: isDown ? desc(taskMaster.seq) : asc(taskMaster.seq),
      tier,
      end: { priority: tier, seq: end },
    };
  }

  #adapt(tookMs: number): void {
    const { sliceMs, sliceRowsMax } = searchLimits;
    if (tookMs > 2 * sliceMs) this.#rows = Math.max(8, Math.floor(this.#rows / 4));
    else if (tookMs < sliceMs) this.#rows = Math.min(sliceRowsMax, this.#rows * 2);
  }

  /** Tasks have no index by time, which each would have to pay for; but `seq` and time grow together. */
  #bounds(): Bounds {
    const { acceptedFromMs, acceptedToMs } = this.#filter;
    const last = this.#lastSeq();
    const low = acceptedFromMs === undefined ? 0 : this.#firstSince(sqlTime(acceptedFromMs), last);
    const high = acceptedToMs === undefined ? last : this.#firstSince(sqlTime(acceptedToMs + 1), last);
    return { low, high };
  }

  /** The first `seq` that was accepted at this time or later; one more than the last where there is none. */
  #firstSince(time: string, last: number): number {
    let [low, high] = [0, last + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = this.#db
        .select({ seq: taskMaster.seq, createdAt: taskMaster.createdAt })
        .from(taskMaster)
        .where(sql`${taskMaster.seq} >= ${middle}`)
        .orderBy(asc(taskMaster.seq))
        .limit(1)
        .get();
      if (found === undefined || found.createdAt >= time) high = middle;
      else low = found.seq + 1;
    }
    return low;
  }

  #lastSeq(): number {
    const last = sql<number | null>`max(${taskMaster.seq})`;
    return this.#db.select({ seq: last }).from(taskMaster).get()?.seq ?? 0;
  }
}
