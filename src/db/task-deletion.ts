import { retentionLimits } from '../machines/retention-limits.ts';
import type { TaskStatus } from '../machines/task-status.ts';
import type { Db } from './client.ts';
import { type MarkStatements, markNames } from './marks-table.ts';
import type { CountChanges } from './task-counters.ts';

/** Behind which ended task a search for the next ones goes on. */
export type EndedPlace = Pick<DeletableTask, 'endedAt' | 'status' | 'rowid'>;

/** An ended task, as far as it matters for deleting it. */
export interface DeletableTask {
  readonly taskId: string;
  readonly rowid: number;
  readonly seq: number;
  readonly status: TaskStatus;
  readonly assignmentId: number | null;
  readonly endedAt: string;
  /** Of its prompt and its answer. */
  readonly bytes: number;
  /** Whether it tries a task again that is there still. */
  readonly hasParent: 0 | 1;
}

/** Found along the index of endings, which knows no task that lives. */
const endedTasks = (condition: string) => `
  SELECT task_id AS taskId, rowid, seq, status, assignment_id AS assignmentId, ended_at AS endedAt,
    octet_length(prompt) + coalesce(octet_length(result), 0) AS bytes, ${hasParent} AS hasParent
  FROM task_master INDEXED BY task_ended
  WHERE ended_at IS NOT NULL AND ended_at < @before ${condition}
  ORDER BY ended_at, status, rowid LIMIT @limit`;
/** What was tried again would pass for what nobody has, if the task that did it were gone before it. */
const hasParent =
  '(retry_of IS NOT NULL AND EXISTS (SELECT 1 FROM task_master AS p WHERE p.task_id = task_master.retry_of))';
const behind = 'AND (ended_at, status, rowid) > (@endedAt, @status, @rowid)';
const ofCompleted = `AND status = 'completed' AND NOT ${hasParent}`;
const ofThem = 'IN (SELECT value FROM json_each(?))';

/** The statements that delete ended tasks with all that belongs to them. */
export function deletionStatements({ $client: client }: Pick<Db, '$client'>, marks: MarkStatements) {
  const oldest = client.prepare(endedTasks(behind));
  const completed = client.prepare(endedTasks(ofCompleted));
  const highestLease = client
    .prepare(`SELECT max(assignment_id) FROM task_assignments WHERE task_id ${ofThem}`)
    .pluck();
  const events = client.prepare(`DELETE FROM events WHERE task_id ${ofThem} AND seq <= ?`);
  const leases = client.prepare(`DELETE FROM task_assignments WHERE task_id ${ofThem}`);
  // Whatever was asked for: a task that lives is not deleted.
  const tasks = client.prepare(`DELETE FROM task_master WHERE task_id ${ofThem} AND ended_at IS NOT NULL`);
  return {
    /** The oldest endings behind a place, as many as one slice may look at. */
    oldest: (before: string, after: EndedPlace | null): readonly DeletableTask[] => {
      const { endedAt, status, rowid } = after ?? { endedAt: '', status: '', rowid: 0 };
      return oldest.all({
        before,
        endedAt,
        status,
        rowid,
        limit: retentionLimits.sliceTasks,
      }) as DeletableTask[];
    },
    /** The oldest that were completed, and may go before others. */
    completed: (before: string, limit: number): readonly DeletableTask[] =>
      completed.all({ before, limit }) as DeletableTask[],
    /**
     * Within a transaction of the caller. Events above the floor stay until it has passed them: the stream has no gaps there.
     *
     * @returns what it changes about the numbers of tasks
     */
    run: (chosen: readonly DeletableTask[], floor: number): CountChanges => {
      if (chosen.length === 0) return {};
      const ids = JSON.stringify(chosen.map(({ taskId }) => taskId));
      const lease = highestLease.get(ids) as number | null;
      if (lease !== null) marks.raise(markNames.assignmentId, lease);
      marks.raise(markNames.taskSeq, Math.max(...chosen.map(({ seq }) => seq)));
      const { changes: eventsDeleted } = events.run(ids, floor);
      leases.run(ids);
      const { changes: deleted } = tasks.run(ids);
      if (deleted !== chosen.length) throw new Error('a task that lives was to be deleted');
      marks.add(markNames.tasksDeleted, deleted);
      marks.add(markNames.eventsDeleted, eventsDeleted);
      const changes: Partial<Record<TaskStatus, number>> = {};
      for (const { status } of chosen) changes[status] = (changes[status] ?? 0) - 1;
      return changes;
    },
  };
}

export type DeletionStatements = ReturnType<typeof deletionStatements>;
