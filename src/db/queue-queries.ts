import { and, count, inArray, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { Db } from './client.ts';
import { countTasks, type KnownCounts } from './count-queries.ts';
import { taskMaster } from './schema.ts';
import { isoTime, sqlTime } from './sql-time.ts';

/** The queue at a glance, for a board. */
export interface QueueQuery extends KnownCounts {
  readonly limit: number;
  readonly nowMs: number;
}

export interface QueueRow {
  readonly task_id: string;
  readonly priority: number;
  readonly status: 'pending' | 'in_progress';
  /** Who works on it; `null` while it waits. */
  readonly assigned_to: string | null;
  readonly created_at: string;
  readonly type: string;
  /** The first 50 characters of the prompt; dots behind tell that there are more. */
  readonly prompt_preview: string;
}

export interface Queue {
  /** The higher priority first, then the older. */
  readonly tasks: readonly QueueRow[];
  readonly stats: {
    readonly pending: number;
    readonly in_progress: number;
    readonly completed_last_hour: number;
  };
}

const previewChars = 50;
const hourMs = 3_600_000;
/** Of the tasks that wait for a time so many are looked at, the next ones first: there may be a million. */
const scheduledSeen = 1_000;

const columns = {
  seq: taskMaster.seq,
  task_id: taskMaster.taskId,
  priority: taskMaster.priority,
  status: taskMaster.status,
  workerId: taskMaster.workerId,
  createdAt: taskMaster.createdAt,
  type: taskMaster.taskType,
  /** One character more than is shown, to know whether there are more. */
  head: sql<string>`substr(${taskMaster.prompt}, 1, ${previewChars + 1})`,
};

/** Waits for a worker. `likely`, so that SQLite takes the index of these rows and not the one by status. */
export const isReady = sql`likely(${taskMaster.status} = 'pending') AND ${taskMaster.runAtMs} IS NULL`;
const isScheduled = sql`likely(${taskMaster.status} = 'pending') AND ${taskMaster.runAtMs} IS NOT NULL`;

export function queue(db: Db, { limit, nowMs, counts = countTasks(db) }: QueueQuery): Queue {
  const running = rowsOf(db, sql`${taskMaster.status} = 'in_progress'`, taskMaster.seq);
  const scheduled = rowsOf(db, isScheduled, taskMaster.runAtMs, scheduledSeen);
  const tasks = [...running, ...ready(db, limit), ...scheduled]
    .sort((a, b) => b.priority - a.priority || a.seq - b.seq)
    .slice(0, limit)
    .map(queueRow);
  const completedSince = sql`likely(${taskMaster.status} = 'completed') AND ${taskMaster.endedAt} >= ${sqlTime(nowMs - hourMs)}`;
  return {
    tasks,
    stats: {
      pending: counts.pending,
      in_progress: counts.in_progress,
      completed_last_hour: countOf(db, completedSince),
    },
  };
}

/** What some prompts begin with: the first 100 characters by task id. */
export function promptHeads(db: Db, taskIds: readonly string[]): Readonly<Record<string, string>> {
  const found = db
    .select({ taskId: taskMaster.taskId, head: sql<string>`substr(${taskMaster.prompt}, 1, 100)` })
    .from(taskMaster)
    .where(inArray(taskMaster.taskId, [...taskIds]))
    .all();
  return Object.fromEntries(found.map(({ taskId, head }) => [taskId, head]));
}

/** Read priority by priority along the index, so that a million behind them cost nothing. */
function ready(db: Db, limit: number): readonly Row[] {
  const found: Row[] = [];
  for (let priority = 10; priority >= 1 && found.length < limit; priority -= 1) {
    const types = typesWaiting(db, priority);
    const ofPriority = types.flatMap((type) => {
      const isOfTier = sql`${taskMaster.priority} = ${priority} AND ${taskMaster.taskType} = ${type}`;
      return rowsOf(db, and(isReady, isOfTier), taskMaster.seq, limit);
    });
    found.push(...ofPriority.sort((a, b) => a.seq - b.seq).slice(0, limit - found.length));
  }
  return found;
}

/** The types that wait in one priority: one step down the index for each. */
export function typesWaiting(db: Db, priority: number): readonly string[] {
  const types: string[] = [];
  for (let last = ''; ; ) {
    const next = db
      .select({ type: sql<string | null>`min(${taskMaster.taskType})` })
      .from(taskMaster)
      .where(sql`${isReady} AND ${taskMaster.priority} = ${priority} AND ${taskMaster.taskType} > ${last}`)
      .get()?.type;
    if (next === null || next === undefined) return types;
    types.push(next);
    last = next;
  }
}

function rowsOf(db: Db, where: SQL | undefined, order: SQLiteColumn, limit = -1) {
  return db.select(columns).from(taskMaster).where(where).orderBy(order).limit(limit).all();
}

type Row = ReturnType<typeof rowsOf>[number];

function countOf(db: Db, where: SQL): number {
  return db.select({ count: count() }).from(taskMaster).where(where).get()?.count ?? 0;
}

function queueRow({ task_id, priority, status, workerId, createdAt, type, head }: Row): QueueRow {
  const chars = [...head];
  return {
    task_id,
    priority,
    status: status === 'in_progress' ? status : 'pending',
    assigned_to: status === 'in_progress' ? workerId : null,
    created_at: isoTime(createdAt),
    type,
    prompt_preview: chars.length > previewChars ? `${chars.slice(0, previewChars).join('')}...` : head,
  };
}
