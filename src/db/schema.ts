import { sql } from 'drizzle-orm';
import { index, integer, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { taskStatuses } from '../machines/task-status.ts';

/**
 * The tables that operators query with the `sqlite3` shell: their names and columns are kept. Times that people read
 * are text in UTC as SQLite's own `datetime()` writes them, with milliseconds behind, so that both compare as text;
 * times that only the program reads are integers in ms.
 */

/** One row a task: the truth about it. Changed only together with an event, by compare-and-set. */
export const taskMaster = sqliteTable(
  'task_master',
  {
    // Small columns first: SQLite walks through a long prompt to reach what stands behind it.
    taskId: text('task_id').primaryKey(),
    /** Order of acceptance. */
    seq: integer('seq').notNull(),
    taskType: text('task_type').notNull(),
    priority: integer('priority').notNull(),
    status: text('status', { enum: taskStatuses }).notNull(),
    /** Who holds it, or held it last. */
    workerId: text('worker_id'),
    /** The fencing token of its lease, or of its last one. */
    assignmentId: integer('assignment_id'),
    leases: integer('leases').notNull().default(0),
    failures: integer('failures').notNull().default(0),
    /** Earliest start, epoch ms; null for now, and once it is reached. */
    runAtMs: integer('run_at'),
    /** The chart that the row was written under. */
    machineVersion: integer('machine_version').notNull(),
    createdAt: text('created_at').notNull(),
    updatedAt: text('updated_at').notNull(),
    startedAt: text('started_at'),
    endedAt: text('ended_at'),
    /** JSON: files, output_file, options, created_by, retry_of. */
    metadata: text('metadata').notNull(),
    prompt: text('prompt').notNull(),
    /** JSON: `{success, output, error, error_code, usage}`, once it has ended. */
    result: text('result'),
    /** How far the chain of models that may stand in is used up. */
    fallbacks: integer('fallbacks').notNull().default(0),
    /** The ended task that this one tries again. */
    retryOf: text('retry_of'),
  },
  (table) => [
    uniqueIndex('task_by_seq').on(table.seq),
    index('task_by_status').on(table.status, table.seq),
    /** What may be given out, in the order in which it is. */
    index('task_ready')
      .on(table.priority, table.taskType, table.seq)
      .where(sql`status = 'pending' AND run_at IS NULL`),
    index('task_scheduled').on(table.runAtMs).where(sql`status = 'pending' AND run_at IS NOT NULL`),
    index('task_ended').on(table.endedAt, table.status).where(sql`ended_at IS NOT NULL`),
    index('task_retries').on(table.retryOf).where(sql`retry_of IS NOT NULL`),
  ],
);

export const workers = sqliteTable('workers', {
  workerId: text('worker_id').primaryKey(),
  workerType: text('worker_type').notNull(),
  /** idle, busy or offline. */
  status: text('status').notNull(),
  /** The finer state: probing, alive, suspect, lost. */
  liveness: text('liveness').notNull(),
  location: text('location').notNull(),
  endpointUrl: text('endpoint_url'),
  model: text('model'),
  currentTask: text('current_task'),
  lastHeartbeat: text('last_heartbeat'),
  tasksCompleted: integer('tasks_completed').notNull().default(0),
  tasksFailed: integer('tasks_failed').notNull().default(0),
  performanceFactor: real('performance_factor').notNull(),
  maxConcurrentTasks: integer('max_concurrent_tasks').notNull(),
  /** 0 once it has left the configuration; its history stays. */
  configured: integer('configured').notNull().default(1),
  createdAt: text('created_at').notNull(),
  updatedAt: text('updated_at').notNull(),
  /** Whether it takes work: active, standby, draining, drained or quarantined. */
  admission: text('admission').notNull().default('active'),
});

/** One row a lease. `assignment_id` is the fencing token: it only grows. */
export const taskAssignments = sqliteTable(
  'task_assignments',
  {
    assignmentId: integer('assignment_id').primaryKey(),
    taskId: text('task_id')
      .notNull()
      .references(() => taskMaster.taskId),
    workerId: text('worker_id')
      .notNull()
      .references(() => workers.workerId),
    /** 1 for the first lease of the task. */
    lease: integer('lease').notNull(),
    assignedAt: text('assigned_at').notNull(),
    endedAt: text('ended_at'),
    /** active, completed, failed, retried or cancelled. */
    assignmentStatus: text('assignment_status').notNull(),
    /** JSON: the rule, the candidates, the choice. */
    reason: text('reason').notNull(),
    /** JSON: tokens and durations, or the failure. */
    outcome: text('outcome'),
    model: text('model'),
    /** How long the attempt took, on a clock that only grows; of those that completed. */
    durationMs: real('duration_ms'),
  },
  (table) => [
    index('assignment_by_task').on(table.taskId),
    index('assignment_active').on(table.workerId).where(sql`assignment_status = 'active'`),
  ],
);

/** What happened, in order: all of it above the floor (see `marks`), and below it the story of each task that is kept. */
export const events = sqliteTable(
  'events',
  {
    /** Global and gap-free. */
    seq: integer('seq').primaryKey(),
    taskId: text('task_id'),
    type: text('type').notNull(),
    from: text('from'),
    to: text('to'),
    atMs: integer('at').notNull(),
    /** JSON. */
    data: text('data').notNull(),
  },
  (table) => [
    index('event_by_task').on(table.taskId, table.seq).where(sql`task_id IS NOT NULL`),
    /** Whether the pool was paused, after a restart. */
    index('event_by_pause').on(table.seq).where(sql`type IN ('pool.paused', 'pool.resumed')`),
    /** Who was there, and when: read for the availability of workers. */
    index('event_by_presence')
      .on(table.seq)
      .where(sql`type IN ('pool.started', 'pool.stopped', 'worker.changed', 'worker.retired')`),
    /** What happened to a worker, to a server, and (without either) to the pool. It costs a fact of a task nothing. */
    index('event_by_actor')
      .on(sql`coalesce(json_extract(data, '$.worker_id'), json_extract(data, '$.endpoint'))`, table.seq)
      .where(sql`task_id IS NULL`),
  ],
);

/** Answers that a client may ask for again under the same `Idempotency-Key`. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    key: text('key').primaryKey(),
    /** SHA-256 of the canonical request. */
    fingerprint: text('fingerprint').notNull(),
    /** JSON: the ids in the order of the request. */
    taskIds: text('task_ids').notNull(),
    createdAtMs: integer('created_at').notNull(),
  },
  (table) => [index('idempotency_by_age').on(table.createdAtMs)],
);

/** What clients and workers present instead of a password. Of the secret there is only a hash. */
export const tokens = sqliteTable('tokens', {
  tokenId: text('token_id').primaryKey(),
  /** For people; several may have the same. */
  name: text('name').notNull(),
  /** SHA-256 of the token, in hex. */
  hash: text('hash').notNull().unique(),
  /** Separated by spaces. */
  scopes: text('scopes').notNull(),
  createdAt: text('created_at').notNull(),
  /** At most a minute behind. */
  lastUsedAt: text('last_used_at'),
  /** null for never. */
  expiresAt: text('expires_at'),
  revokedAt: text('revoked_at'),
});

/** Figures that outlive the rows they were read from: how far numbers were given out, and how far the record is cut off. */
export const marks = sqliteTable('marks', {
  name: text('name').primaryKey(),
  value: integer('value').notNull(),
});
