import { and, count, eq, gte, lte, type SQL, sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { taskMaster } from './schema.ts';
import { sqlTime } from './sql-time.ts';
import { textCondition } from './task-filter.ts';

/** Ended tasks that have not been tried again. All that is given must hold. */
export interface DeadLetterQuery {
  readonly status: 'failed' | 'cancelled';
  readonly type?: string;
  /** Who held it last. */
  readonly worker?: string;
  /** A class of failure, or a group of them: `backend.busy`, `backend.*`. */
  readonly errorCode?: string;
  readonly priorityMin?: number;
  readonly priorityMax?: number;
  /** Ended within this time, epoch ms. */
  readonly endedFromMs?: number;
  readonly endedToMs?: number;
  readonly createdBy?: string;
  /** Stands in the prompt; and accepted within this time, epoch ms. */
  readonly text?: string;
  readonly acceptedFromMs?: number;
  readonly acceptedToMs?: number;
  readonly limit: number;
}

export interface DeadLetters {
  /** How many there are, whatever the limit. */
  readonly found: number;
  /** In the order of acceptance. */
  readonly letters: readonly { readonly taskId: string; readonly error: string | null }[];
}

const errorCode = sql`json_extract(${taskMaster.result}, '$.error_code')`;

/** Runs on a connection of its own: it looks at each ended task of the status. */
export function deadLetters(db: Db, query: DeadLetterQuery): DeadLetters {
  const where = and(...conditionsOf(query));
  const letters = db
    .select({
      taskId: taskMaster.taskId,
      error: sql<string | null>`substr(json_extract(${taskMaster.result}, '$.error'), 1, 500)`,
    })
    .from(taskMaster)
    .where(where)
    .orderBy(taskMaster.seq)
    .limit(query.limit)
    .all();
  return { found: db.select({ count: count() }).from(taskMaster).where(where).get()?.count ?? 0, letters };
}

function conditionsOf(query: DeadLetterQuery): readonly (SQL | undefined)[] {
  const { status, type, worker, priorityMin, priorityMax, endedFromMs, endedToMs, createdBy } = query;
  return [
    eq(taskMaster.status, status),
    sql`NOT EXISTS (SELECT 1 FROM task_master AS again WHERE again.retry_of = ${taskMaster.taskId})`,
    type === undefined ? undefined : eq(taskMaster.taskType, type),
    worker === undefined ? undefined : eq(taskMaster.workerId, worker),
    codeCondition(query.errorCode),
    priorityMin === undefined ? undefined : gte(taskMaster.priority, priorityMin),
    priorityMax === undefined ? undefined : lte(taskMaster.priority, priorityMax),
    endedFromMs === undefined ? undefined : gte(taskMaster.endedAt, sqlTime(endedFromMs)),
    endedToMs === undefined ? undefined : lte(taskMaster.endedAt, sqlTime(endedToMs)),
    createdBy === undefined
      ? undefined
      : sql`json_extract(${taskMaster.metadata}, '$.created_by') = ${createdBy}`,
    query.acceptedFromMs === undefined ? undefined : gte(taskMaster.createdAt, sqlTime(query.acceptedFromMs)),
    query.acceptedToMs === undefined ? undefined : lte(taskMaster.createdAt, sqlTime(query.acceptedToMs)),
    // Last, so that no prompt is read that something else rules out.
    query.text === undefined ? undefined : textCondition(query.text),
  ];
}

/** `backend.*` is every code that begins with `backend.`; compared as text, since `_` and `%` are no signs here. */
function codeCondition(code: string | undefined): SQL | undefined {
  if (code === undefined) return undefined;
  if (!code.endsWith('*')) return sql`${errorCode} = ${code}`;
  const head = code.slice(0, -1);
  return sql`substr(${errorCode}, 1, ${head.length}) = ${head}`;
}
