import type { TaskRow } from '../db/tasks-table.ts';
import type { RecordedFact } from '../machines/facts.ts';
import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';
import type { Failure, Outcome } from '../machines/outcome.ts';
import { failureOf, judge } from '../machines/retry.ts';

const interrupted: Failure = {
  code: 'worker.lost',
  message: 'the server stopped while the task was running',
};
/** A lease that ends with the server is no failure of the task, so its policy of retries plays no part. */
const policy = { retriesMax: 0, delayMsBase: 0, delayMsMax: 0 };

/**
 * What happened to the leases of a process that has ended: they are over, and their tasks wait again at their old
 * places, to be leased anew. One that was leased too often for that has failed.
 */
export function recoverLeases(held: readonly TaskRow[]): readonly RecordedFact[] {
  return held.flatMap((row): RecordedFact[] => {
    if (row.assignmentId === null || row.workerId === null) return [];
    const lease = {
      taskId: row.taskId as TaskId,
      assignmentId: row.assignmentId as AssignmentId,
      workerId: row.workerId as WorkerId,
    };
    const outcome: Outcome = { kind: 'released', failure: interrupted };
    if (judge(outcome, row, policy) === 'failed') {
      return [{ type: 'task.failed', ...lease, failure: failureOf(outcome) }];
    }
    const { failures, fallbacks } = row;
    return [{ type: 'task.retried', ...lease, failure: interrupted, delayMs: 0, failures, fallbacks }];
  });
}
