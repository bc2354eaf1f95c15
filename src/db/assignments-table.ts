import { eq, sql } from 'drizzle-orm';
import type { TaskFact } from '../machines/facts.ts';
import type { Db } from './client.ts';
import { taskAssignments } from './schema.ts';
import { sqlTime } from './sql-time.ts';

/** The statements of `task_assignments`. */
export function assignmentStatements(db: Db) {
  return {
    insert: db
      .insert(taskAssignments)
      .values({
        assignmentId: sql.placeholder('assignmentId'),
        taskId: sql.placeholder('taskId'),
        workerId: sql.placeholder('workerId'),
        lease: sql.placeholder('lease'),
        assignedAt: sql.placeholder('at'),
        assignmentStatus: 'active',
        reason: sql.placeholder('reason'),
      })
      .prepare(),
    end: db
      .update(taskAssignments)
      .set({
        assignmentStatus: sql`${sql.placeholder('status')}`,
        outcome: sql`${sql.placeholder('outcome')}`,
        endedAt: sql`${sql.placeholder('at')}`,
      })
      .where(eq(taskAssignments.assignmentId, sql.placeholder('assignmentId')))
      .prepare(),
    last: db
      .select({ assignmentId: sql<number | null>`max(${taskAssignments.assignmentId})` })
      .from(taskAssignments)
      .prepare(),
  };
}

export type AssignmentStatements = ReturnType<typeof assignmentStatements>;

export function insertAssignment(
  assignments: AssignmentStatements,
  fact: Extract<TaskFact, { type: 'task.assigned' }>,
  atMs: number,
): void {
  const { assignmentId, taskId, workerId, lease } = fact;
  const reason = JSON.stringify(fact.reason);
  assignments.insert.run({ assignmentId, taskId, workerId, lease, at: sqlTime(atMs), reason });
}

type LeaseEnd = Exclude<TaskFact, { type: 'task.accepted' | 'task.assigned' }>;

/** Ends the lease of a task, if it was under one. */
export function endAssignment(assignments: AssignmentStatements, fact: LeaseEnd, atMs: number): void {
  if (fact.assignmentId === null) return;
  assignments.end.run({
    assignmentId: fact.assignmentId,
    status: fact.type.slice('task.'.length),
    outcome: outcomeOf(fact),
    at: sqlTime(atMs),
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
