import { count } from 'drizzle-orm';
import { searchLimits } from '../machines/search-limits.ts';
import type { TaskStatus } from '../machines/task-status.ts';
import type { Db } from './client.ts';
import { taskMaster } from './schema.ts';
import type { TaskFilter } from './task-filter.ts';
import { type Slice, type TaskCursor, type TaskOrder, TaskWalk } from './task-walk.ts';

/** A page of the tasks that a filter wants. */
export interface SearchQuery {
  readonly filter: TaskFilter;
  readonly order: TaskOrder;
  readonly cursor: TaskCursor | null;
  readonly limit: number;
  /** How long it may take, in ms; `searchLimits.pageMs` without it. */
  readonly patienceMs?: number;
}

/** Tasks that have not ended. */
export interface LivingQuery {
  readonly filter: Omit<TaskFilter, 'status'>;
  /** Those that wait, those that run, or both. */
  readonly statuses: readonly Extract<TaskStatus, 'pending' | 'in_progress'>[];
  readonly limit: number;
  readonly patienceMs?: number;
}

export interface Living {
  /** How many there are, whatever the limit; at least so many, where not all could be counted in time. */
  readonly found: number;
  readonly isWhole: boolean;
  /** In the order of acceptance. */
  readonly taskIds: readonly string[];
}

export interface Found<R> {
  readonly rows: readonly R[];
  /** For the next page; `null` when nothing is left. */
  readonly next: TaskCursor | null;
  /** Time was over before the page was full. */
  readonly isPartial: boolean;
}

/**
 * Runs on a connection of its own, and for a bounded time.
 *
 * @param read the rows of a slice, in its order
 */
export function searchTasks<R extends { readonly seq: number }>(
  db: Db,
  { filter, order, cursor, limit, patienceMs = searchLimits.pageMs }: SearchQuery,
  read: (slice: Slice, limit: number) => readonly R[],
): Found<R> {
  const walk = new TaskWalk(db, filter, order, patienceMs);
  const rows: R[] = [];
  let [place, before] = [cursor, cursor];
  for (const slice of walk.slices(cursor)) {
    // One more than is wanted tells whether there are more.
    for (const row of read(slice, limit + 1 - rows.length)) {
      if (rows.length === limit) return { rows, next: before, isPartial: false };
      rows.push(row);
      before = { priority: slice.tier, seq: row.seq };
    }
    place = slice.end;
  }
  return walk.isWhole ? { rows, next: null, isPartial: false } : { rows, next: place, isPartial: true };
}

/** What a bulk would touch. Those that wait come before those that run, so that none of them starts meanwhile. */
export function livingTasks(db: Db, query: LivingQuery): Living {
  const { filter, statuses, limit, patienceMs = searchLimits.bulkMs } = query;
  const taskIds: string[] = [];
  let found = 0;
  for (const status of statuses) {
    const walk = new TaskWalk(db, { ...filter, status }, 'oldest', patienceMs);
    for (const { where, order } of walk.slices(null)) {
      const room = limit - taskIds.length;
      const select = () => db.select({ taskId: taskMaster.taskId }).from(taskMaster).where(where);
      const ids = room > 0 ? select().orderBy(order).limit(room).all() : [];
      taskIds.push(...ids.map(({ taskId }) => taskId));
      const isAll = room > 0 && ids.length < room;
      found += isAll
        ? ids.length
        : (db.select({ count: count() }).from(taskMaster).where(where).get()?.count ?? 0);
    }
    if (!walk.isWhole) return { found, isWhole: false, taskIds };
  }
  return { found, isWhole: true, taskIds };
}
