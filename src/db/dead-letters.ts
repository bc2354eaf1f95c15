import { and, count, gte, lte, type SQL, sql } from 'drizzle-orm';
import { searchLimits } from '../machines/search-limits.ts';
import type { Db } from './client.ts';
import { taskMaster } from './schema.ts';
import { sqlTime } from './sql-time.ts';
import type { TaskFilter } from './task-filter.ts';
import { TaskWalk } from './task-walk.ts';

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
  /** How long it may take, in ms; `searchLimits.bulkMs` without it. */
  readonly patienceMs?: number;
}

export interface DeadLetters {
  /** How many there are, whatever the limit; at least so many, where not all could be looked at in time. */
  readonly found: number;
  readonly isWhole: boolean;
  /** In the order of acceptance. */
  readonly letters: readonly { readonly taskId: string; readonly error: string | null }[];
}

const errorCode = sql`json_extract(${taskMaster.result}, '$.error_code')`;

/** Runs on a connection of its own, and for a bounded time: it looks at each ended task of the status, slice by slice. */
export function deadLetters(db: Db, query: DeadLetterQuery): DeadLetters {
  const { limit, patienceMs = searchLimits.bulkMs } = query;
  const walk = new TaskWalk(db, filterOf(query), 'oldest', patienceMs);
  const conditions = conditionsOf(query);
  const letters: DeadLetters['letters'][number][] = [];
  let found = 0;
  for (const { where: ofSlice, order } of walk.slices(null)) {
    // The filter of the walk comes last, as it may read prompts.
    const where = and(...conditions, ofSlice);
    const room = limit - letters.length;
    const read =
      room > 0 ? db.select(columns).from(taskMaster).where(where).orderBy(order).limit(room).all() : [];
    letters.push(...read);
    const isAll = room > 0 && read.length < room;
    found += isAll
      ? read.length
      : (db.select({ count: count() }).from(taskMaster).where(where).get()?.count ?? 0);
  }
  return { found, isWhole: walk.isWhole, letters };
}

const columns = {
  taskId: taskMaster.taskId,
  error: sql<string | null>`substr(json_extract(${taskMaster.result}, '$.error'), 1, 500)`,
};

/** What any search can ask for. */
function filterOf({ worker, ...query }: DeadLetterQuery): TaskFilter {
  return worker === undefined ? query : { ...query, assignedTo: worker };
}

/** What only the ended are asked for. */
function conditionsOf({
  errorCode: code,
  endedFromMs,
  endedToMs,
}: DeadLetterQuery): readonly (SQL | undefined)[] {
  return [
    sql`NOT EXISTS (SELECT 1 FROM task_master AS again WHERE again.retry_of = ${taskMaster.taskId})`,
    codeCondition(code),
    endedFromMs === undefined ? undefined : gte(taskMaster.endedAt, sqlTime(endedFromMs)),
    endedToMs === undefined ? undefined : lte(taskMaster.endedAt, sqlTime(endedToMs)),
  ];
}

/** `backend.*` is every code that begins with `backend.`; compared as text, since `_` and `%` are no signs here. */
function codeCondition(code: string | undefined): SQL | undefined {
  if (code === undefined) return undefined;
  if (!code.endsWith('*')) return sql`${errorCode} = ${code}`;
  const head = code.slice(0, -1);
  return sql`substr(${errorCode}, 1, ${head.length}) = ${head}`;
}
