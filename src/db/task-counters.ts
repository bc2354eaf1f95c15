import { type TaskStatus, taskStatuses } from '../machines/task-status.ts';
import type { TaskCounts } from './count-queries.ts';

/** What changes about the numbers of tasks; below 0 where there are fewer than before. */
export type CountChanges = Readonly<Partial<Record<TaskStatus, number>>>;

/**
 * How many tasks there are of each status, kept beside the rows: to count a million of them takes longer than anything that
 * wants to know.
 */
export class TaskCounters {
  #counts: Record<TaskStatus, number>;

  /** @param counts of the rows as they are */
  constructor(counts: TaskCounts) {
    this.#counts = { ...counts };
  }

  get counts(): TaskCounts {
    return { ...this.#counts };
  }

  /** Tasks that are over, however they ended. */
  get ended(): number {
    const { completed, failed, cancelled } = this.#counts;
    return completed + failed + cancelled;
  }

  /** To be told once the rows are on disk, and not before. */
  apply(changes: CountChanges): void {
    for (const status of taskStatuses) this.#counts[status] += changes[status] ?? 0;
  }
}
