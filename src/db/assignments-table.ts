import { desc, eq, sql } from 'drizzle-orm';
import type { TaskFact } from '../machines/facts.ts';
import type { Db } from './client.ts';
import { taskAssignments, taskMaster } from './schema.ts';
import { sqlTime } from './sql-time.ts';
import { prepareWrite } from './write-statement.ts';

/** The statements of `task_assignments`. */
export function assignmentStatements(db: Db) {
  return {
    insert: prepareWrite(
      db,
      db.insert(taskAssignments).values({
        assignmentId: sql.placeholder('assignmentId'),
        taskId: sql.placeholder('taskId'),
        workerId: sql.placeholder('workerId'),
        lease: sql.placeholder('lease'),
        assignedAt: sql.placeholder('at'),
        assignmentStatus: 'active',
        reason: sql.placeholder('reason'),
        model: sql.placeholder('model'),
      }),
    ),
    end: prepareWrite(
      db,
      db
        .update(taskAssignments)
        .set({
          assignmentStatus: sql`${sql.placeholder('status')}`,
          outcome: sql`${sql.placeholder('outcome')}`,
          endedAt: sql`${sql.placeholder('at')}`,
          durationMs: sql`${sql.placeholder('durationMs')}`,
        })
        .where(eq(taskAssignments.assignmentId, sql.placeholder('assignmentId'))),
    ),
    /** Why a task is, or was last, where it is. */
    ofTask: db
      .select()
      .from(taskAssignments)
      .where(eq(taskAssignments.taskId, sql.placeholder('taskId')))
      .orderBy(taskAssignments.assignmentId)
      .prepare(),
    last: db
      .select({ assignmentId: sql<number | null>`max(${taskAssignments.assignmentId})` })
      .from(taskAssignments)
      .prepare(),
  };
}

export type AssignmentRow = typeof taskAssignments.$inferSelect;
export type AssignmentStatements = ReturnType<typeof assignmentStatements>;

export function insertAssignment(
  assignments: AssignmentStatements,
  fact: Extract<TaskFact, { type: 'task.assigned' }>,
  atMs: number,
): void {
  const { assignmentId, taskId, workerId, model, lease } = fact;
  const reason = JSON.stringify(fact.reason);
  assignments.insert.run({ assignmentId, taskId, workerId, model, lease, at: sqlTime(atMs), reason });
}

type LeaseEnd = Exclude<TaskFact, { type: 'task.accepted' | 'task.assigned' | 'task.reprioritized' }>;

/** Ends the lease of a task, if it was under one. */
export function endAssignment(assignments: AssignmentStatements, fact: LeaseEnd, atMs: number): void {
  if (fact.assignmentId === null) return;
  assignments.end.run({
    assignmentId: fact.assignmentId,
    status: fact.type.slice('task.'.length),
    outcome: outcomeOf(fact),
    at: sqlTime(atMs),
    durationMs: fact.type === 'task.completed' ? fact.elapsedMs : null,
  });
}

function outcomeOf(fact: LeaseEnd): string | null {
  switch (fact.type) {
    case 'task.completed':
      return JSON.stringify(fact.usage);
    case 'task.failed':
    case 'task.retried':
      return JSON.stringify(fact.failure);
    case 'task.cancelled':
      return null;
  }
}

/** The last runs that ended well, the last first. Once, at a start: it goes back through the table. */
export function lastRuns(db: Db, limit: number) {
  return db
    .select({
      workerId: taskAssignments.workerId,
      model: taskAssignments.model,
      durationMs: taskAssignments.durationMs,
      taskType: taskMaster.taskType,
      chars: sql<number | null>`json_extract(${taskMaster.metadata}, '$.size.chars')`,
    })
    .from(taskAssignments)
    .innerJoin(taskMaster, eq(taskMaster.taskId, taskAssignments.taskId))
    .where(sql`${taskAssignments.durationMs} IS NOT NULL`)
    .orderBy(desc(taskAssignments.assignmentId))
    .limit(limit)
    .all();
}
