import { count } from 'drizzle-orm';
import { type TaskStatus, taskStatuses } from '../machines/task-status.ts';
import type { Db } from './client.ts';
import { taskMaster } from './schema.ts';

/** How many tasks there are of each status; 0 where there is none. */
export type TaskCounts = Readonly<Record<TaskStatus, number>>;

export function totalOf(counts: TaskCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** What a query need not count. */
export interface KnownCounts {
  /** How many tasks there are, where somebody keeps count; else they are counted. */
  readonly counts?: TaskCounts;
}

/** Reads the whole index by status. */
export function countTasks(db: Db): TaskCounts {
  const found = db
    .select({ status: taskMaster.status, count: count() })
    .from(taskMaster)
    .groupBy(taskMaster.status)
    .all();
  const counts = new Map(found.map((row) => [row.status, row.count]));
  return Object.fromEntries(taskStatuses.map((status) => [status, counts.get(status) ?? 0])) as Record<
    TaskStatus,
    number
  >;
}
