import { and, eq, inArray, lt } from 'drizzle-orm';
import type { Db } from './client.ts';
import { taskAssignments, taskMaster } from './schema.ts';
import { sqlTime } from './sql-time.ts';

/**
 * Deletes tasks that were completed before a moment (epoch ms), the oldest first, at most `limit`, with their leases. Their
 * events stay: the stream has no gaps.
 *
 * @returns how many
 */
export function forgetCompleted(db: Db, beforeMs: number, limit: number): number {
  return db.transaction(
    (tx) => {
      const ids = tx
        .select({ taskId: taskMaster.taskId })
        .from(taskMaster)
        .where(and(lt(taskMaster.endedAt, sqlTime(beforeMs)), eq(taskMaster.status, 'completed')))
        .orderBy(taskMaster.endedAt)
        .limit(limit)
        .all()
        .map(({ taskId }) => taskId);
      if (ids.length === 0) return 0;
      tx.delete(taskAssignments).where(inArray(taskAssignments.taskId, ids)).run();
      tx.delete(taskMaster).where(inArray(taskMaster.taskId, ids)).run();
      return ids.length;
    },
    { behavior: 'immediate' },
  );
}
