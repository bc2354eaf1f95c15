import type { TaskRow } from '../db/tasks-table.ts';
import { KoubouError } from '../machines/errors.ts';
import type { TaskId } from '../machines/identifiers.ts';
import type { RowPlace } from '../machines/pool-events.ts';

/** Where the row of a task that has not ended stands. */
export function placeOf({ status, runAtMs }: TaskRow): RowPlace {
  if (status !== 'pending') return 'held';
  return runAtMs === null ? 'waiting' : 'scheduled';
}

/** What ended stays as it is. */
export function endedAlready(taskId: TaskId, status: string): KoubouError {
  return new KoubouError('task.ended', `task ${taskId} has already ended (${status}); that stands`, {
    details: { task_id: taskId, status },
  });
}
