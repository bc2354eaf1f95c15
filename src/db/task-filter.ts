import { and, desc, type SQL, sql } from 'drizzle-orm';
import type { TaskStatus } from '../machines/task-status.ts';
import { taskMaster } from './schema.ts';
import { sqlTime } from './sql-time.ts';

/** Which tasks are wanted; what is left out narrows nothing. */
export interface TaskFilter {
  readonly status?: TaskStatus;
  readonly createdBy?: string;
  /** Who holds it, or held it last. */
  readonly assignedTo?: string;
  readonly priorityMin?: number;
  readonly priorityMax?: number;
  readonly type?: string;
  /** Stands somewhere in the prompt; capitals of ASCII are as good as small letters. */
  readonly text?: string;
  /** Accepted within this time, epoch ms, both ends included. */
  readonly acceptedFromMs?: number;
  readonly acceptedToMs?: number;
}

/** Newest first: rows are read from the end until enough are found. */
export const newestFirst: SQL[] = [desc(taskMaster.seq)];

export function conditionOf(filter: TaskFilter): SQL | undefined {
  const { status, createdBy, assignedTo, priorityMin, priorityMax } = filter;
  const { type, text, acceptedFromMs, acceptedToMs } = filter;
  return and(
    status === undefined ? undefined : sql`${taskMaster.status} = ${status}`,
    createdBy === undefined
      ? undefined
      : sql`json_extract(${taskMaster.metadata}, '$.created_by') = ${createdBy}`,
    assignedTo === undefined ? undefined : sql`${taskMaster.workerId} = ${assignedTo}`,
    priorityMin === undefined ? undefined : sql`${taskMaster.priority} >= ${priorityMin}`,
    priorityMax === undefined ? undefined : sql`${taskMaster.priority} <= ${priorityMax}`,
    type === undefined ? undefined : sql`${taskMaster.taskType} = ${type}`,
    acceptedFromMs === undefined ? undefined : sql`${taskMaster.createdAt} >= ${sqlTime(acceptedFromMs)}`,
    acceptedToMs === undefined ? undefined : sql`${taskMaster.createdAt} <= ${sqlTime(acceptedToMs)}`,
    // Last, so that no prompt is read that something else rules out.
    text === undefined ? undefined : textCondition(text),
  );
}

/** Text in the prompt; `%` and `_` mean themselves. */
function textCondition(text: string): SQL {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  return sql`${taskMaster.prompt} LIKE ${pattern} ESCAPE '\\'`;
}
