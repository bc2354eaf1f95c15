import { asc, desc, type SQL, sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { isReady, typesWaiting } from './queue-queries.ts';
import { taskMaster } from './schema.ts';
import { isoTime } from './sql-time.ts';

/** The two ends of what waits for a worker in one priority. */
export interface WaitingTier {
  readonly priority: number;
  readonly oldest: { readonly taskId: string; readonly createdAt: string };
  /** The one that was accepted last: its end is the end of all. */
  readonly newestTaskId: string;
}

/** Read along the index, type by type: a million that wait cost nothing. */
export function waitingTiers(db: Db): readonly WaitingTier[] {
  const tiers: WaitingTier[] = [];
  for (let priority = 10; priority >= 1; priority -= 1) {
    const types = typesWaiting(db, priority);
    const ends = (order: SQL) => types.flatMap((type) => endOf(db, priority, type, order) ?? []);
    const oldest = ends(asc(taskMaster.seq)).toSorted((a, b) => a.seq - b.seq)[0];
    const newest = ends(desc(taskMaster.seq)).toSorted((a, b) => b.seq - a.seq)[0];
    if (oldest === undefined || newest === undefined) continue;
    const { taskId, createdAt } = oldest;
    tiers.push({
      priority,
      oldest: { taskId, createdAt: isoTime(createdAt) },
      newestTaskId: newest.taskId,
    });
  }
  return tiers;
}

function endOf(db: Db, priority: number, type: string, order: SQL) {
  return db
    .select({ seq: taskMaster.seq, taskId: taskMaster.taskId, createdAt: taskMaster.createdAt })
    .from(taskMaster)
    .where(sql`${isReady} AND ${taskMaster.priority} = ${priority} AND ${taskMaster.taskType} = ${type}`)
    .orderBy(order)
    .limit(1)
    .get();
}
