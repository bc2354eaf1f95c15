import { sql } from 'drizzle-orm';
import type { Run } from '../machines/duration-book.ts';
import { type TaskId, workerId } from '../machines/identifiers.ts';
import type { TierName, WaitingCount } from '../machines/task-board.ts';
import type { Admission } from '../machines/worker-state.ts';
import { assignmentStatements, lastRuns } from './assignments-table.ts';
import { type Db, type Durability, openDatabase } from './client.ts';
import { Commit, type Statements } from './commit.ts';
import { eventStatements } from './events-table.ts';
import { forgetCompleted } from './forgetting.ts';
import { forgetOldKeys, idempotencyStatements } from './idempotency-table.ts';
import { taskMaster } from './schema.ts';
import type { Entry, Receipt, Recovery, Store } from './store.ts';
import { taskStatements } from './tasks-table.ts';
import { type TokenTable, tokenTable } from './tokens-table.ts';
import {
  registerWorker,
  registerWorkers,
  updateWorker,
  type WorkerRegistration,
  workerStatements,
} from './workers-table.ts';

/**
 * The store on one SQLite file. There is one writer: this process.
 *
 * @throws KoubouError when the file cannot be opened, is damaged, or was written by another program
 */
export function openStore(path: string, durability: Durability, nowMs: number): Store {
  const db = openDatabase(path, durability);
  forgetOldKeys(db, nowMs);
  return new SqliteStore(db);
}

/** Every statement that runs beside the pool, prepared once. */
export function prepareStatements(db: Db): Statements {
  return {
    tasks: taskStatements(db),
    assignments: assignmentStatements(db),
    events: eventStatements(db),
    workers: workerStatements(db),
    idempotency: idempotencyStatements(db),
  };
}

class SqliteStore implements Store {
  readonly tokens: TokenTable;
  readonly #db: Db;
  readonly #statements: Statements;
  readonly #transact: (entries: readonly Entry[]) => Receipt;

  constructor(db: Db) {
    this.#db = db;
    this.tokens = tokenTable(db);
    this.#statements = prepareStatements(db);
    // Read within each transaction: it is one step down the right edge of a tree, and right after any failure.
    const write = (entries: readonly Entry[]) => new Commit(this.#statements, this.lastSeq()).write(entries);
    this.#transact = db.$client.transaction(write).immediate;
  }

  async commit(entries: readonly Entry[]): Promise<Receipt> {
    return this.#transact(entries);
  }

  lastSeq(): number {
    return this.#statements.events.last.get()?.seq ?? 0;
  }

  task(taskId: TaskId) {
    return this.#statements.tasks.byId.get({ taskId });
  }

  hasEnded(taskId: TaskId): boolean {
    return this.#statements.tasks.unended.get({ taskId }) === undefined;
  }

  idempotent(key: string) {
    return this.#statements.idempotency.byKey.get({ key });
  }

  readyRows({ priority, taskType, afterSeq }: Parameters<Store['readyRows']>[0], limit: number) {
    return this.#statements.tasks.ready.all({ priority, taskType, afterSeq, limit });
  }

  takeDue(nowMs: number, limit: number): readonly WaitingCount[] {
    const take = () => {
      const due = this.#statements.tasks.due.all({ nowMs, limit });
      for (const { taskId } of due) this.#statements.tasks.clearRunAt.run({ taskId });
      return due;
    };
    return countByTier(this.#db.$client.transaction(take).immediate());
  }

  nextRunAtMs(): number | null {
    return this.#statements.tasks.nextRunAt.get()?.runAtMs ?? null;
  }

  eventsOf(taskId: TaskId, afterSeq: number, limit: number) {
    return this.#statements.events.ofTask.all({ taskId, afterSeq, limit });
  }

  eventsSince(afterSeq: number, limit: number) {
    return this.#statements.events.since.all({ afterSeq, limit });
  }

  workers() {
    return this.#statements.workers.all.all();
  }

  registerWorkers(registrations: Parameters<Store['registerWorkers']>[0], atMs: number): void {
    this.#db.$client.transaction(() => registerWorkers(this.#db, registrations, atMs)).immediate();
  }

  registerWorker(registration: WorkerRegistration, fresh: boolean, atMs: number): void {
    (fresh ? registerWorker : updateWorker)(this.#db, registration, atMs);
  }

  assignmentsOf(taskId: TaskId) {
    return this.#statements.assignments.ofTask.all({ taskId });
  }

  lastRuns(limit: number): readonly Run[] {
    return lastRuns(this.#db, limit)
      .reverse()
      .flatMap(({ workerId: id, model, durationMs, taskType, chars }) =>
        durationMs === null
          ? []
          : [{ workerId: workerId(id), model, taskType, promptChars: chars ?? 0, durationMs }],
      );
  }

  forgetCompleted(beforeMs: number, limit: number): number {
    return forgetCompleted(this.#db, beforeMs, limit);
  }

  /** Reads the whole index of waiting rows: once, at start. */
  recovery(): Recovery {
    const held = this.#db.select().from(taskMaster).where(sql`status = 'in_progress'`).all();
    const waiting = this.#db
      .select({
        priority: taskMaster.priority,
        taskType: taskMaster.taskType,
        count: sql<number>`count(*)`,
        firstSeq: sql<number>`min(${taskMaster.seq})`,
      })
      .from(taskMaster)
      .where(sql`status = 'pending' AND run_at IS NULL`)
      .groupBy(taskMaster.priority, taskMaster.taskType)
      .all();
    const last = this.#db
      .select({ seq: sql<number | null>`max(${taskMaster.seq})` })
      .from(taskMaster)
      .get();
    const lastAssignment = this.#statements.assignments.last.get()?.assignmentId ?? 0;
    const isPaused = this.#statements.events.lastPause.get()?.type === 'pool.paused';
    // One that had left was drained for that, and not by anybody's wish: see `registerWorker`.
    const named = this.workers().filter(({ configured }) => configured === 1);
    const admissions = new Map(named.map((row) => [row.workerId, row.admission as Admission]));
    return { held, waiting, lastTaskSeq: last?.seq ?? 0, lastAssignment, isPaused, admissions };
  }

  close(): void {
    if (this.#db.$client.open) this.#db.$client.close();
  }
}

function countByTier(rows: readonly (TierName & { seq: number })[]): readonly WaitingCount[] {
  const counts = new Map<string, { priority: number; taskType: string; count: number; firstSeq: number }>();
  for (const { priority, taskType, seq } of rows) {
    const name = `${priority} ${taskType}`;
    const counted = counts.get(name) ?? { priority, taskType, count: 0, firstSeq: seq };
    counts.set(name, counted);
    counted.count += 1;
    counted.firstSeq = Math.min(counted.firstSeq, seq);
  }
  return [...counts.values()];
}
