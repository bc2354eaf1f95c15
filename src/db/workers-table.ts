import { eq, notInArray, sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { taskAssignments, workers } from './schema.ts';
import { sqlTime } from './sql-time.ts';
import { prepareWrite } from './write-statement.ts';

export type WorkerRow = typeof workers.$inferSelect;

/** A worker as its row is written at each start. */
export interface WorkerRegistration {
  readonly workerId: string;
  readonly workerType: string;
  readonly location: string;
  readonly endpointUrl: string | null;
  readonly model: string | null;
  readonly performanceFactor: number;
  readonly maxConcurrentTasks: number;
}

const ofWorker = eq(workers.workerId, sql.placeholder('workerId'));
const slot = (name: string) => sql`${sql.placeholder(name)}`;
/** The oldest lease in the hands of a worker. */
const currentTask = sql`(SELECT ${taskAssignments.taskId} FROM ${taskAssignments}
  WHERE ${taskAssignments.workerId} = ${sql.placeholder('workerId')} AND assignment_status = 'active' LIMIT 1)`;

/** The statements of `workers`. */
export function workerStatements(db: Db) {
  return {
    all: db.select().from(workers).orderBy(workers.workerId).prepare(),
    beat: prepareWrite(
      db,
      db
        .update(workers)
        .set({ lastHeartbeat: slot('at') })
        .where(ofWorker),
    ),
    setLiveness: prepareWrite(
      db,
      db
        .update(workers)
        .set({ liveness: slot('liveness') })
        .where(ofWorker),
    ),
    setAdmission: prepareWrite(
      db,
      db
        .update(workers)
        .set({ admission: slot('admission') })
        .where(ofWorker),
    ),
    setFactor: prepareWrite(
      db,
      db
        .update(workers)
        .set({ performanceFactor: slot('factor') })
        .where(ofWorker),
    ),
    /** It has left; its history stays. */
    retire: prepareWrite(
      db,
      db
        .update(workers)
        .set({ configured: sql`0`, status: sql`'offline'`, liveness: sql`'lost'` })
        .where(ofWorker),
    ),
    /** Brings the row of a worker up to date with its leases. Once a commit, however many they were. */
    refresh: prepareWrite(
      db,
      db
        .update(workers)
        .set({
          currentTask,
          status: sql`CASE WHEN ${workers.liveness} IN ('probing', 'lost') THEN 'offline' WHEN ${currentTask} IS NULL THEN 'idle' ELSE 'busy' END`,
          tasksCompleted: sql`${workers.tasksCompleted} + ${sql.placeholder('completed')}`,
          tasksFailed: sql`${workers.tasksFailed} + ${sql.placeholder('failed')}`,
          updatedAt: slot('at'),
        })
        .where(ofWorker),
    ),
  };
}

export type WorkerStatements = ReturnType<typeof workerStatements>;

/** Writes the configured workers at a start, and marks those that have left the configuration; their history stays. */
export function registerWorkers(db: Db, registrations: readonly WorkerRegistration[], atMs: number): void {
  const ids = registrations.map(({ workerId }) => workerId);
  db.update(workers).set({ status: 'offline', liveness: 'lost', currentTask: null }).run();
  db.update(workers).set({ configured: 0 }).where(notInArray(workers.workerId, ids)).run();
  for (const worker of registrations) registerWorker(db, worker, atMs);
}

/**
 * Writes a worker that has been added, or changed. Whether it takes work is left as it was; one that had left, and was
 * drained for that, begins anew.
 */
export function registerWorker(db: Db, worker: WorkerRegistration, atMs: number): void {
  const at = sqlTime(atMs);
  const fresh = { ...worker, status: 'offline', liveness: 'probing', configured: 1, updatedAt: at };
  db.insert(workers)
    .values({ ...fresh, createdAt: at })
    .onConflictDoUpdate({
      target: workers.workerId,
      set: { ...fresh, admission: sql`CASE WHEN configured = 0 THEN 'active' ELSE admission END` },
    })
    .run();
}

/** Writes what the configuration says anew of a worker that goes on working. */
export function updateWorker(db: Db, worker: WorkerRegistration, atMs: number): void {
  const fresh = { ...worker, configured: 1, updatedAt: sqlTime(atMs) };
  db.update(workers).set(fresh).where(eq(workers.workerId, worker.workerId)).run();
}
