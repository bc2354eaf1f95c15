import { sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { isoTime, sqlTime } from './sql-time.ts';

/** How tasks of each type ended in a window that ends now. */
export interface SuccessRatesQuery {
  readonly nowMs: number;
  readonly windowMs: number;
}

export interface SuccessRate {
  readonly type: string;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Of those that completed or failed, those that completed: 0 to 1; `null` without any. */
  readonly success_rate: number | null;
  /** Of the attempts that completed a task; `null` without any. */
  readonly mean_run_ms: number | null;
}

export interface SuccessRates {
  /** Of the window, or of the oldest ending that was read where there are more than are read. */
  readonly since: string;
  readonly until: string;
  readonly truncated: boolean;
  /** By the number of tasks, the most first. */
  readonly types: readonly SuccessRate[];
}

/** Endings that are read for it, the newest: so many tell enough of what a pool is good at. */
const endingsReadMax = 20_000;

interface Row {
  readonly type: string;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly meanRunMs: number | null;
  readonly oldest: string;
}

export function successRates(
  db: Db,
  { nowMs, windowMs }: SuccessRatesQuery,
  endingsMax = endingsReadMax,
): SuccessRates {
  const from = sqlTime(nowMs - windowMs);
  const rows = db.all<Row>(sql`
    SELECT task_type AS type,
      sum(status = 'completed') AS completed,
      sum(status = 'failed') AS failed,
      sum(status = 'cancelled') AS cancelled,
      avg(CASE WHEN status = 'completed' THEN duration_ms END) AS meanRunMs,
      min(ended) AS oldest
    FROM (
      SELECT task_type, status, task_master.ended_at AS ended, duration_ms
      FROM task_master LEFT JOIN task_assignments USING (assignment_id)
      WHERE task_master.ended_at >= ${from}
      ORDER BY task_master.ended_at DESC
      LIMIT ${endingsMax}
    )
    GROUP BY task_type`);
  const read = rows.reduce((sum, row) => sum + endings(row), 0);
  const truncated = read === endingsMax;
  const oldest = rows.map((row) => row.oldest).sort()[0];
  const since = truncated && oldest !== undefined ? oldest : from;
  return {
    since: isoTime(since),
    until: new Date(nowMs).toISOString(),
    truncated,
    types: rows.toSorted((a, b) => endings(b) - endings(a) || (a.type < b.type ? -1 : 1)).map(rateOf),
  };
}

function endings({ completed, failed, cancelled }: Row): number {
  return completed + failed + cancelled;
}

function rateOf({ type, completed, failed, cancelled, meanRunMs }: Row): SuccessRate {
  const tried = completed + failed;
  return {
    type,
    completed,
    failed,
    cancelled,
    success_rate: tried === 0 ? null : completed / tried,
    mean_run_ms: meanRunMs === null ? null : Math.round(meanRunMs),
  };
}
