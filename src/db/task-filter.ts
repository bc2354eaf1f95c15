import { and, desc, type SQL, sql } from 'drizzle-orm';
import type { TaskStatus } from '../machines/task-status.ts';
import { taskMaster } from './schema.ts';

/** Which tasks are wanted; what is left out narrows nothing. */
export interface TaskFilter {
  readonly status?: TaskStatus;
  readonly createdBy?: string;
  /** Who holds it, or held it last. */
  readonly assignedTo?: string;
  readonly priorityMin?: number;
  readonly priorityMax?: number;
}

/** Newest first: rows are read from the end until enough are found. */
export const newestFirst: SQL[] = [desc(taskMaster.seq)];

export function conditionOf(filter: TaskFilter): SQL | undefined {
  const { status, createdBy, assignedTo, priorityMin, priorityMax } = filter;
  return and(
    status === undefined ? undefined : sql`${taskMaster.status} = ${status}`,
    createdBy === undefined
      ? undefined
      : sql`json_extract(${taskMaster.metadata}, '$.created_by') = ${createdBy}`,
    assignedTo === undefined ? undefined : sql`${taskMaster.workerId} = ${assignedTo}`,
    priorityMin === undefined ? undefined : sql`${taskMaster.priority} >= ${priorityMin}`,
    priorityMax === undefined ? undefined : sql`${taskMaster.priority} <= ${priorityMax}`,
  );
}
