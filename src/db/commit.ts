import type { CommittedFact, Fact, RecordedFact, RecordedTaskFact } from '../machines/facts.ts';
import type { TaskStatus } from '../machines/task-status.ts';
import { type AssignmentStatements, endAssignment, insertAssignment } from './assignments-table.ts';
import { type EventStatements, insertEvent } from './events-table.ts';
import type { IdempotencyStatements } from './idempotency-table.ts';
import { sqlTime } from './sql-time.ts';
import type { Entry, Receipt } from './store.ts';
import type { CountChanges } from './task-counters.ts';
import {
  assignTask,
  endTask,
  insertTask,
  reprioritizeTask,
  requeueTask,
  type TaskStatements,
} from './tasks-table.ts';
import type { WorkerStatements } from './workers-table.ts';

export interface Statements {
  readonly tasks: TaskStatements;
  readonly assignments: AssignmentStatements;
  readonly events: EventStatements;
  readonly workers: WorkerStatements;
  readonly idempotency: IdempotencyStatements;
}

/** What a commit did to the figures of one worker. */
interface Tally {
  completed: number;
  failed: number;
  atMs: number;
}

const endStatuses = {
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.cancelled': 'cancelled',
} as const;

/** Writes the entries of one transaction. The caller opens and ends it. */
export class Commit {
  readonly #statements: Statements;
  readonly #committed: CommittedFact[] = [];
  readonly #refused: RecordedTaskFact[] = [];
  readonly #tallies = new Map<string, Tally>();
  readonly #moves: Record<TaskStatus, number> = {
    pending: 0,
    in_progress: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
  };
  #lastSeq: number;

  /** @param lastSeq the `seq` of the last event on disk */
  constructor(statements: Statements, lastSeq: number) {
    this.#statements = statements;
    this.#lastSeq = lastSeq;
  }

  write(entries: readonly Entry[]): { readonly receipt: Receipt; readonly moves: CountChanges } {
    for (const entry of entries) this.#write(entry);
    for (const [workerId, { completed, failed, atMs }] of this.#tallies) {
      this.#statements.workers.refresh.run({ workerId, completed, failed, at: sqlTime(atMs) });
    }
    return { receipt: { committed: this.#committed, refused: this.#refused }, moves: this.#moves };
  }

  #write(entry: Entry): void {
    switch (entry.kind) {
      case 'accept':
        this.#accept(entry);
        return;
      case 'fact':
        if (this.#apply(entry.fact, entry.atMs)) this.#append(entry.fact, entry.atMs);
        else this.#refused.push(entry.fact as RecordedTaskFact);
        return;
      case 'beat':
        this.#statements.workers.beat.run({ workerId: entry.workerId, at: sqlTime(entry.atMs) });
    }
  }

  #accept({ tasks, idempotency, atMs }: Extract<Entry, { kind: 'accept' }>): void {
    for (const task of tasks) {
      insertTask(this.#statements.tasks, task, atMs);
      this.#append({ type: 'task.accepted', taskId: task.taskId, task }, atMs);
    }
    this.#moves.pending += tasks.length;
    if (idempotency === null) return;
    const taskIds = JSON.stringify(tasks.map(({ taskId }) => taskId));
    this.#statements.idempotency.insert.run({ ...idempotency, taskIds, atMs });
  }

  #append(fact: Fact, atMs: number): void {
    this.#lastSeq += 1;
    insertEvent(this.#statements.events, this.#lastSeq, fact, atMs);
    this.#committed.push({ seq: this.#lastSeq, atMs, fact });
  }

  /** Changes the rows of a fact. False when they say otherwise: the fact is then no fact. */
  #apply(fact: RecordedFact, atMs: number): boolean {
    const { tasks, assignments, workers } = this.#statements;
    switch (fact.type) {
      case 'task.assigned':
        if (!assignTask(tasks, fact, atMs)) return false;
        insertAssignment(assignments, fact, atMs);
        this.#move('pending', 'in_progress');
        this.#touch(fact.workerId, atMs);
        return true;
      case 'task.retried':
        if (!requeueTask(tasks, fact, atMs)) return false;
        endAssignment(assignments, fact, atMs);
        this.#move('in_progress', 'pending');
        this.#touch(fact.workerId, atMs);
        return true;
      case 'task.reprioritized':
        return reprioritizeTask(tasks, fact, atMs);
      case 'task.completed':
      case 'task.failed':
      case 'task.cancelled':
        if (!endTask(tasks, fact, atMs)) return false;
        endAssignment(assignments, fact, atMs);
        this.#move(fact.assignmentId === null ? 'pending' : 'in_progress', endStatuses[fact.type]);
        if (fact.workerId !== null) this.#count(fact.workerId, fact.type, atMs);
        return true;
      case 'worker.changed':
        workers.setLiveness.run({ workerId: fact.workerId, liveness: fact.to });
        this.#touch(fact.workerId, atMs);
        return true;
      case 'worker.readmitted':
        if (fact.isLeaving !== true)
          workers.setAdmission.run({ workerId: fact.workerId, admission: fact.to });
        this.#touch(fact.workerId, atMs);
        return true;
      case 'worker.rated':
        workers.setFactor.run({ workerId: fact.workerId, factor: fact.to });
        return true;
      case 'actor.signalled':
        if (fact.wakes !== null) tasks.clearRunAt.run({ taskId: fact.wakes });
        return true;
      case 'worker.retired':
        workers.retire.run({ workerId: fact.workerId });
        return true;
      case 'worker.enrolled':
      case 'worker.reported_late':
      case 'endpoint.changed':
      case 'pool.reconfigured':
      case 'pool.started':
      case 'pool.paused':
      case 'pool.resumed':
      case 'pool.draining':
      case 'pool.stopped':
      case 'journal.resumed':
        return true;
    }
  }

  #move(from: TaskStatus, to: TaskStatus): void {
    this.#moves[from] -= 1;
    this.#moves[to] += 1;
  }

  #touch(workerId: string, atMs: number): Tally {
    const tally = this.#tallies.get(workerId) ?? { completed: 0, failed: 0, atMs };
    tally.atMs = atMs;
    this.#tallies.set(workerId, tally);
    return tally;
  }

  #count(workerId: string, type: 'task.completed' | 'task.failed' | 'task.cancelled', atMs: number): void {
    const tally = this.#touch(workerId, atMs);
    if (type === 'task.completed') tally.completed += 1;
    if (type === 'task.failed') tally.failed += 1;
  }
}
