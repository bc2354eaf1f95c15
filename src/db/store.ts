import type { Run } from '../machines/duration-book.ts';
import type { AcceptedTask, CommittedFact, RecordedFact, RecordedTaskFact } from '../machines/facts.ts';
import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';
import type { TierName, WaitingCount } from '../machines/task-board.ts';
import type { Admission } from '../machines/worker-state.ts';
import type { AssignmentRow } from './assignments-table.ts';
import type { TaskCounts } from './count-queries.ts';
import type { EventRow } from './events-table.ts';
import type { IdempotencyRow } from './idempotency-table.ts';
import type { HeldRow, TaskRow, WaitingRow } from './tasks-table.ts';
import type { TokenTable } from './tokens-table.ts';
import type { Upkeep } from './upkeep.ts';
import type { WorkerRegistration, WorkerRow } from './workers-table.ts';

/** What one commit writes, in order. */
export type Entry =
  /** New tasks, all or none of them, and the key under which the answer may be asked for again. */
  | {
      readonly kind: 'accept';
      readonly atMs: number;
      readonly tasks: readonly AcceptedTask[];
      readonly idempotency: { readonly key: string; readonly fingerprint: string } | null;
    }
  | { readonly kind: 'fact'; readonly atMs: number; readonly fact: RecordedFact }
  /** A sign of life: a row, and no event. */
  | { readonly kind: 'beat'; readonly atMs: number; readonly workerId: WorkerId };

export interface Receipt {
  /** What is on disk now, in the order of `seq`. */
  readonly committed: readonly CommittedFact[];
  /** Facts that their rows contradict: they were not written, and the rows are right. */
  readonly refused: readonly RecordedTaskFact[];
}

/**
 * Where tasks are kept. A port: `sqliteStore` is the only one today, its commit asynchronous for the caller although
 * SQLite is not, so that a store on a shared engine can take its place. `test/db/store-contract.ts` is its contract.
 */
export interface Store {
  /** Writes all of it in one transaction, or nothing. */
  commit(entries: readonly Entry[]): Promise<Receipt>;
  task(taskId: TaskId): TaskRow | undefined;
  /** What is to be done under a lease; `undefined` when its task is not, or no more, under it. */
  held(taskId: TaskId, assignmentId: AssignmentId): HeldRow | undefined;
  /** Whether nothing more will happen to it; so it is with one that does not exist. */
  hasEnded(taskId: TaskId): boolean;
  idempotent(key: string): IdempotencyRow | undefined;
  /** Rows of one tier that wait for a worker, oldest first, from behind `afterSeq` on. */
  readyRows(from: TierName & { readonly afterSeq: number }, limit: number): readonly WaitingRow[];
  /** Marks rows whose start time has come as waiting for a worker, at most `limit`, and counts them. */
  takeDue(nowMs: number, limit: number): readonly WaitingCount[];
  /** The earliest start time that lies ahead; `null` without one. */
  nextRunAtMs(): number | null;
  eventsOf(taskId: TaskId, afterSeq: number, limit: number): readonly EventRow[];
  /** The whole stream, from behind `afterSeq` on; below the floor (`upkeep.floor`) there are gaps. */
  eventsSince(afterSeq: number, limit: number): readonly EventRow[];
  /** The `seq` of the last event; 0 before the first. */
  lastSeq(): number;
  workers(): readonly WorkerRow[];
  /** At a start: these workers, and no others, belong to the configuration. */
  registerWorkers(registrations: readonly WorkerRegistration[], atMs: number): void;
  /** While it works: one is new (`fresh`), or is described anew. Its row must be there before its first lease. */
  registerWorker(registration: WorkerRegistration, fresh: boolean, atMs: number): void;
  /** The leases of a task, in order. */
  assignmentsOf(taskId: TaskId): readonly AssignmentRow[];
  /** The last runs that ended well, the oldest first. */
  lastRuns(limit: number): readonly Run[];
  /** Deletes tasks that were completed before a moment, the oldest first, at most `limit`, with their leases. @returns how many */
  forgetCompleted(beforeMs: number, limit: number): number;
  /** How many tasks there are of each status: kept, and not counted. */
  counts(): TaskCounts;
  /** What puts away the old, and keeps the files small. */
  readonly upkeep: Upkeep;
  /** What clients and workers present. */
  readonly tokens: TokenTable;
  /** Where a former process stopped. */
  recovery(): Recovery;
  close(): void;
}

export interface Recovery {
  /** Rows that were in the hands of workers. */
  readonly held: readonly TaskRow[];
  readonly waiting: readonly WaitingCount[];
  readonly lastTaskSeq: number;
  readonly lastAssignment: number;
  /** Whether the pool was paused, and nobody has resumed it. */
  readonly isPaused: boolean;
  /** Whether they take work, as it was left. */
  readonly admissions: ReadonlyMap<string, Admission>;
}
