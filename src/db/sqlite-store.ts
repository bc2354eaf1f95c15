import { sql } from 'drizzle-orm';
import type { Run } from '../machines/duration-book.ts';
import { type AssignmentId, type TaskId, workerId } from '../machines/identifiers.ts';
import { retentionLimits } from '../machines/retention-limits.ts';
import type { TierName, WaitingCount } from '../machines/task-board.ts';
import type { Admission } from '../machines/worker-state.ts';
import { assignmentStatements, lastRuns } from './assignments-table.ts';
import { type Db, type Durability, openDatabase } from './client.ts';
import { Commit, type Statements } from './commit.ts';
import { countTasks, type TaskCounts } from './count-queries.ts';
import { eventStatements } from './events-table.ts';
import { forgetOldKeys, idempotencyStatements } from './idempotency-table.ts';
import { type MarkStatements, markNames, markStatements } from './marks-table.ts';
import { taskMaster } from './schema.ts';
import { sqlTime } from './sql-time.ts';
import { asStorageError } from './storage-faults.ts';
import type { Entry, Receipt, Recovery, Store } from './store.ts';
import { TaskCounters } from './task-counters.ts';
import { type DeletionStatements, deletionStatements } from './task-deletion.ts';
import { taskStatements } from './tasks-table.ts';
import { type TokenTable, tokenTable } from './tokens-table.ts';
import { type Upkeep, upkeepOf } from './upkeep.ts';
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
  try {
    forgetOldKeys(db, nowMs, retentionLimits.sliceKeys);
    return new SqliteStore(db);
  } catch (error) {
    db.$client.close();
    throw asStorageError(error);
  }
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
  readonly upkeep: Upkeep;
  readonly #db: Db;
  readonly #statements: Statements;
  readonly #marks: MarkStatements;
  readonly #deletion: DeletionStatements;
  readonly #counters: TaskCounters;
  readonly #transact: (entries: readonly Entry[]) => ReturnType<Commit['write']>;

  constructor(db: Db) {
    this.#db = db;
    this.tokens = tokenTable(db);
    this.#statements = prepareStatements(db);
    // Read within each transaction: it is one step down the right edge of a tree, and right after any failure.
    const write = (entries: readonly Entry[]) => new Commit(this.#statements, this.lastSeq()).write(entries);
    this.#transact = db.$client.transaction(write).immediate;
    this.#marks = markStatements(db);
    this.#deletion = deletionStatements(db, this.#marks);
    this.#counters = new TaskCounters(countTasks(db));
    this.upkeep = upkeepOf(db, {
      marks: this.#marks,
      deletion: this.#deletion,
      counters: this.#counters,
      lastSeq: () => this.lastSeq(),
      forgetKeys: (nowMs, limit) => forgetOldKeys(db, nowMs, limit),
    });
  }

  async commit(entries: readonly Entry[]): Promise<Receipt> {
    const { receipt, moves } = this.#transact(entries);
    this.#counters.apply(moves);
    return receipt;
  }

  counts(): TaskCounts {
    return this.#counters.counts;
  }

  lastSeq(): number {
    return this.#statements.events.last.get()?.seq ?? 0;
  }

  task(taskId: TaskId) {
    return this.#statements.tasks.byId.get({ taskId });
  }

  held(taskId: TaskId, assignmentId: AssignmentId) {
    return this.#statements.tasks.held.get({ taskId, assignmentId });
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
    const forget = () => {
      const chosen = this.#deletion.completed(sqlTime(beforeMs), limit);
      const changes = this.#deletion.run(chosen, this.upkeep.floor());
      return { deleted: chosen.length, changes };
    };
    const { deleted, changes } = this.#db.$client.transaction(forget).immediate();
    this.#counters.apply(changes);
    return deleted;
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
    const { of } = this.#marks;
    const lastAssignment = Math.max(
      this.#statements.assignments.last.get()?.assignmentId ?? 0,
      of(markNames.assignmentId),
    );
    const lastTaskSeq = Math.max(last?.seq ?? 0, of(markNames.taskSeq));
    const isPaused = this.#statements.events.lastPause.get()?.type === 'pool.paused';
    // One that had left was drained for that, and not by anybody's wish: see `registerWorker`.
    const named = this.workers().filter(({ configured }) => configured === 1);
    const admissions = new Map(named.map((row) => [row.workerId, row.admission as Admission]));
    return { held, waiting, lastTaskSeq, lastAssignment, isPaused, admissions };
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
