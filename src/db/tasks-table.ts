import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { AcceptedTask, TaskFact, TaskMetadata } from '../machines/facts.ts';
import type { ModelReply } from '../machines/model-request.ts';
import { taskMachineVersion } from '../machines/task-machine.ts';
import type { Db } from './client.ts';
import { prepareRead } from './read-statement.ts';
import { taskMaster } from './schema.ts';
import { sqlTime } from './sql-time.ts';
import { prepareWrite } from './write-statement.ts';

export type TaskRow = typeof taskMaster.$inferSelect;

/** What a task answers for ever once it has ended. */
export interface StoredResult {
  readonly success: boolean;
  readonly output: string;
  readonly error: string | null;
  readonly error_code: string | null;
  readonly usage: Extract<TaskFact, { type: 'task.completed' }>['usage'] | null;
  readonly reply?: ModelReply;
}

/** What is needed to bring a waiting row to life. */
export type WaitingRow = Pick<
  TaskRow,
  | 'taskId'
  | 'seq'
  | 'priority'
  | 'taskType'
  | 'leases'
  | 'failures'
  | 'fallbacks'
  | 'runAtMs'
  | 'createdAt'
  | 'metadata'
>;

/** What is needed to carry a task out. */
export type HeldRow = Pick<TaskRow, keyof typeof heldColumns>;

const slot = (name: string): SQL => sql`${sql.placeholder(name)}`;
const isPending = sql`${taskMaster.status} = 'pending'`;
/**
 * Waits, for a later time. `likely` tells SQLite that its index by status would find nearly all rows, of which there may
 * be a million; it then takes the one by start time.
 */
const isScheduled = sql`likely(${isPending}) AND ${taskMaster.runAtMs} IS NOT NULL`;
/** The compare of each compare-and-set: in the hands of this very lease. */
const isHeld = and(
  eq(taskMaster.taskId, sql.placeholder('taskId')),
  sql`${taskMaster.status} = 'in_progress'`,
  eq(taskMaster.assignmentId, sql.placeholder('assignmentId')),
);
const waitingColumns = {
  taskId: taskMaster.taskId,
  seq: taskMaster.seq,
  priority: taskMaster.priority,
  taskType: taskMaster.taskType,
  leases: taskMaster.leases,
  failures: taskMaster.failures,
  fallbacks: taskMaster.fallbacks,
  runAtMs: taskMaster.runAtMs,
  createdAt: taskMaster.createdAt,
  metadata: taskMaster.metadata,
};
const nextColumns = { runAtMs: sql<number | null>`min(${taskMaster.runAtMs})` };
const dueColumns = {
  taskId: taskMaster.taskId,
  seq: taskMaster.seq,
  priority: taskMaster.priority,
  taskType: taskMaster.taskType,
};
const heldColumns = {
  taskType: taskMaster.taskType,
  priority: taskMaster.priority,
  leases: taskMaster.leases,
  createdAt: taskMaster.createdAt,
  startedAt: taskMaster.startedAt,
  metadata: taskMaster.metadata,
  prompt: taskMaster.prompt,
};

/** The statements of `task_master` that run beside the pool: each finds its rows by an index. */
export function taskStatements(db: Db) {
  return {
    insert: prepareWrite(
      db,
      db.insert(taskMaster).values({
        taskId: sql.placeholder('taskId'),
        seq: sql.placeholder('seq'),
        taskType: sql.placeholder('taskType'),
        priority: sql.placeholder('priority'),
        status: 'pending',
        runAtMs: sql.placeholder('runAtMs'),
        machineVersion: taskMachineVersion,
        createdAt: sql.placeholder('at'),
        updatedAt: sql.placeholder('at'),
        metadata: sql.placeholder('metadata'),
        prompt: sql.placeholder('prompt'),
        retryOf: sql.placeholder('retryOf'),
      }),
    ),
    assign: prepareWrite(
      db,
      db
        .update(taskMaster)
        .set({
          status: sql`'in_progress'`,
          workerId: slot('workerId'),
          assignmentId: slot('assignmentId'),
          leases: slot('lease'),
          runAtMs: sql`NULL`,
          startedAt: sql`coalesce(${taskMaster.startedAt}, ${sql.placeholder('at')})`,
          updatedAt: slot('at'),
        })
        .where(and(eq(taskMaster.taskId, sql.placeholder('taskId')), isPending)),
    ),
    requeue: prepareWrite(
      db,
      db
        .update(taskMaster)
        .set({
          status: sql`'pending'`,
          failures: slot('failures'),
          fallbacks: slot('fallbacks'),
          runAtMs: slot('runAtMs'),
          updatedAt: slot('at'),
        })
        .where(isHeld),
    ),
    endHeld: prepareWrite(
      db,
      db
        .update(taskMaster)
        .set({ status: slot('status'), result: slot('result'), endedAt: slot('at'), updatedAt: slot('at') })
        .where(isHeld),
    ),
    endWaiting: prepareWrite(
      db,
      db
        .update(taskMaster)
        .set({
          status: slot('status'),
          result: slot('result'),
          runAtMs: sql`NULL`,
          endedAt: slot('at'),
          updatedAt: slot('at'),
        })
        .where(and(eq(taskMaster.taskId, sql.placeholder('taskId')), isPending)),
    ),
    reprioritize: prepareWrite(
      db,
      db
        .update(taskMaster)
        .set({ priority: slot('priority'), updatedAt: slot('at') })
        .where(and(eq(taskMaster.taskId, sql.placeholder('taskId')), sql`${taskMaster.endedAt} IS NULL`)),
    ),
    byId: prepareRead<TaskRow>(
      db,
      getTableColumns(taskMaster),
      db
        .select()
        .from(taskMaster)
        .where(eq(taskMaster.taskId, sql.placeholder('taskId'))),
    ),
    unended: prepareRead<Pick<TaskRow, 'seq'>>(
      db,
      { seq: taskMaster.seq },
      db
        .select({ seq: taskMaster.seq })
        .from(taskMaster)
        .where(and(eq(taskMaster.taskId, sql.placeholder('taskId')), sql`${taskMaster.endedAt} IS NULL`)),
    ),
    /** What is to be done under a lease, if it holds. */
    held: prepareRead<HeldRow>(db, heldColumns, db.select(heldColumns).from(taskMaster).where(isHeld)),
    /** Rows of one tier that wait for a worker, oldest first. */
    ready: prepareRead<WaitingRow>(
      db,
      waitingColumns,
      db
        .select(waitingColumns)
        .from(taskMaster)
        .where(
          sql`likely(${isPending}) AND ${taskMaster.runAtMs} IS NULL AND ${taskMaster.priority} = ${sql.placeholder('priority')} AND ${taskMaster.taskType} = ${sql.placeholder('taskType')} AND ${taskMaster.seq} > ${sql.placeholder('afterSeq')}`,
        )
        .orderBy(taskMaster.seq)
        .limit(sql.placeholder('limit')),
    ),
    nextRunAt: prepareRead<Pick<TaskRow, 'runAtMs'>>(
      db,
      nextColumns,
      db.select(nextColumns).from(taskMaster).where(isScheduled),
    ),
    due: prepareRead<Pick<TaskRow, keyof typeof dueColumns>>(
      db,
      dueColumns,
      db
        .select(dueColumns)
        .from(taskMaster)
        .where(sql`${isScheduled} AND ${taskMaster.runAtMs} <= ${sql.placeholder('nowMs')}`)
        .orderBy(taskMaster.runAtMs)
        .limit(sql.placeholder('limit')),
    ),
    clearRunAt: prepareWrite(
      db,
      db
        .update(taskMaster)
        .set({ runAtMs: sql`NULL` })
        .where(and(eq(taskMaster.taskId, sql.placeholder('taskId')), isPending)),
    ),
  };
}

export type TaskStatements = ReturnType<typeof taskStatements>;

export function insertTask(tasks: TaskStatements, task: AcceptedTask, atMs: number): void {
  tasks.insert.run({
    taskId: task.taskId,
    seq: task.seq,
    taskType: task.taskType,
    priority: task.priority,
    runAtMs: task.runAtMs,
    at: sqlTime(atMs),
    metadata: JSON.stringify(task.metadata),
    prompt: task.prompt,
    retryOf: task.metadata.retry_of ?? null,
  });
}

type Ending = Extract<TaskFact, { type: 'task.completed' | 'task.failed' | 'task.cancelled' }>;

/** Ends a task under the lease it was given, or as one that waits. False when the row says otherwise. */
export function endTask(tasks: TaskStatements, fact: Ending, atMs: number): boolean {
  const values = {
    taskId: fact.taskId,
    status: fact.type.slice('task.'.length),
    result: JSON.stringify(resultOf(fact)),
    at: sqlTime(atMs),
  };
  if (fact.assignmentId === null) return tasks.endWaiting.run(values).changes === 1;
  return tasks.endHeld.run({ ...values, assignmentId: fact.assignmentId }).changes === 1;
}

function resultOf(fact: Ending): StoredResult {
  switch (fact.type) {
    case 'task.completed': {
      const { output, usage, reply } = fact;
      const answered = { success: true, output, error: null, error_code: null, usage };
      return reply === undefined ? answered : { ...answered, reply };
    }
    case 'task.failed':
      return {
        success: false,
        output: '',
        error: fact.failure.message,
        error_code: fact.failure.code,
        usage: null,
      };
    case 'task.cancelled':
      return { success: false, output: '', error: 'cancelled', error_code: 'cancelled', usage: null };
  }
}

export function assignTask(
  tasks: TaskStatements,
  fact: Extract<TaskFact, { type: 'task.assigned' }>,
  atMs: number,
): boolean {
  const { taskId, assignmentId, workerId, lease } = fact;
  return tasks.assign.run({ taskId, assignmentId, workerId, lease, at: sqlTime(atMs) }).changes === 1;
}

export function requeueTask(
  tasks: TaskStatements,
  fact: Extract<TaskFact, { type: 'task.retried' }>,
  atMs: number,
): boolean {
  const { taskId, assignmentId, failures, fallbacks, delayMs } = fact;
  const runAtMs = delayMs > 0 ? atMs + delayMs : null;
  const values = { taskId, assignmentId, failures, fallbacks, runAtMs, at: sqlTime(atMs) };
  return tasks.requeue.run(values).changes === 1;
}

export function reprioritizeTask(
  tasks: TaskStatements,
  { taskId, priority }: Extract<TaskFact, { type: 'task.reprioritized' }>,
  atMs: number,
): boolean {
  return tasks.reprioritize.run({ taskId, priority, at: sqlTime(atMs) }).changes === 1;
}

/** The metadata of a row. It was written by `insertTask`, so its shape is known. */
export function metadataOf(row: { readonly metadata: string }): TaskMetadata {
  return JSON.parse(row.metadata) as TaskMetadata;
}
