import { desc, sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { events, taskAssignments, taskMaster, workers } from './schema.ts';
import { msOfSql, sqlTime } from './sql-time.ts';

/** What a report shows beside the figures of `metricsSummary`. */
export interface ReportQuery {
  readonly nowMs: number;
  readonly windowMs: number;
}

export interface ReportRows {
  readonly database: DatabaseRows;
  /** Equal spans of the window, the oldest first. */
  readonly trend: readonly TrendSpan[];
  readonly workers: readonly WorkerRuns[];
  /** Runs that trend and workers were computed from; those before them are left out where there were more. */
  readonly runs_read: number;
  readonly truncated: boolean;
  /** What happened to workers, servers and the pool, the last first. */
  readonly changes: readonly SystemChange[];
}

export interface DatabaseRows {
  readonly tasks: number;
  readonly assignments: number;
  readonly events: number;
  readonly workers: number;
  readonly page_bytes: number;
  readonly pages: number;
  readonly pages_free: number;
  readonly journal_mode: string;
  /** `ok`, the first fault, or `null` where the file is too large to be checked for a report. */
  readonly check: string | null;
}

export interface TrendSpan {
  readonly from: string;
  readonly runs: number;
  readonly mean_ms: number | null;
}

export interface WorkerRuns {
  readonly worker_id: string;
  readonly runs: number;
  readonly mean_ms: number;
  readonly p50_ms: number;
  readonly tokens_per_second: number | null;
}

export interface SystemChange {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Bars of the chart of durations: as many as can be told apart on a narrow screen. */
const trendSpans = 24;
/** The last leases that are read for one report: measured in tenths of a second of a thread. */
const runsReadMax = 20_000;
/** Of the record, so far back is looked for what happened to workers and the pool: tasks write most of it. */
const eventsReadMax = 20_000;
const changesShown = 30;
/** Above this a check of all pages would hold a report up for seconds; `koubou doctor` does it. */
const checkedBytesMax = 64 * 1_048_576;

export function reportRows(db: Db, { nowMs, windowMs }: ReportQuery, runsMax = runsReadMax): ReportRows {
  const sinceMs = nowMs - windowMs;
  const read = runsOf(db, sinceMs, runsMax);
  return {
    database: databaseRows(db),
    trend: trendOf(read.runs, sinceMs, windowMs),
    workers: workersOf(read.runs),
    runs_read: read.runs.length,
    truncated: read.truncated,
    changes: changesSince(db, sinceMs),
  };
}

interface CompletedRun {
  readonly workerId: string;
  readonly durationMs: number;
  readonly endedMs: number;
  readonly outputTokens: number | null;
}

function runsOf(db: Db, sinceMs: number, runsMax: number) {
  const rows = db
    .select({
      workerId: taskAssignments.workerId,
      durationMs: taskAssignments.durationMs,
      assignedAt: taskAssignments.assignedAt,
      endedAt: taskAssignments.endedAt,
      outputTokens: sql<number | null>`json_extract(${taskAssignments.outcome}, '$.outputTokens')`,
    })
    .from(taskAssignments)
    .orderBy(desc(taskAssignments.assignmentId))
    .limit(runsMax)
    .all();
  const since = sqlTime(sinceMs);
  const runs = rows.flatMap(({ workerId, durationMs, endedAt, outputTokens }): CompletedRun[] =>
    durationMs === null || endedAt === null || endedAt < since
      ? []
      : [{ workerId, durationMs, endedMs: msOfSql(endedAt), outputTokens }],
  );
  const oldest = rows.at(-1);
  return {
    runs,
    truncated: rows.length === runsMax && oldest !== undefined && oldest.assignedAt >= since,
  };
}

function trendOf(runs: readonly CompletedRun[], sinceMs: number, windowMs: number): readonly TrendSpan[] {
  const spanMs = windowMs / trendSpans;
  const sums = Array.from({ length: trendSpans }, () => ({ runs: 0, ms: 0 }));
  for (const { endedMs, durationMs } of runs) {
    // A clock that was set forward may have ended a run after this moment.
    const sum = sums[Math.min(trendSpans - 1, Math.max(0, Math.floor((endedMs - sinceMs) / spanMs)))];
    if (sum === undefined) continue;
    sum.runs += 1;
    sum.ms += durationMs;
  }
  return sums.map(({ runs: count, ms }, index) => ({
    from: new Date(sinceMs + index * spanMs).toISOString(),
    runs: count,
    mean_ms: count === 0 ? null : ms / count,
  }));
}

function workersOf(runs: readonly CompletedRun[]): readonly WorkerRuns[] {
  const byWorker = new Map<string, CompletedRun[]>();
  for (const run of runs) {
    const own = byWorker.get(run.workerId);
    if (own === undefined) byWorker.set(run.workerId, [run]);
    else own.push(run);
  }
  return [...byWorker]
    .map(([worker_id, own]) => {
      const durations = own.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
      const sum = durations.reduce((total, duration) => total + duration, 0);
      const counted = own.filter(({ outputTokens }) => outputTokens !== null);
      const tokens = counted.reduce((total, { outputTokens }) => total + (outputTokens ?? 0), 0);
      const countedMs = counted.reduce((total, { durationMs }) => total + durationMs, 0);
      return {
        worker_id,
        runs: own.length,
        mean_ms: sum / own.length,
        p50_ms: durations[Math.ceil(own.length / 2) - 1] ?? 0,
        tokens_per_second: tokens === 0 || countedMs === 0 ? null : (1_000 * tokens) / countedMs,
      };
    })
    .sort((a, b) => (a.worker_id < b.worker_id ? -1 : 1));
}

function changesSince(db: Db, sinceMs: number): readonly SystemChange[] {
  const last =
    db
      .select({ seq: sql<number>`coalesce(max(${events.seq}), 0)` })
      .from(events)
      .get()?.seq ?? 0;
  return db
    .select()
    .from(events)
    .where(
      sql`${events.seq} > ${last - eventsReadMax} AND ${events.taskId} IS NULL AND ${events.atMs} >= ${sinceMs}`,
    )
    .orderBy(desc(events.seq))
    .limit(changesShown)
    .all()
    .map(({ seq, atMs, type, from, to, data }) => ({
      seq,
      at: new Date(atMs).toISOString(),
      type,
      from,
      to,
      data: JSON.parse(data) as Record<string, unknown>,
    }));
}

function databaseRows(db: Db): DatabaseRows {
  const pragma = (name: string) => db.$client.pragma(name, { simple: true });
  const [pageBytes, pages] = [Number(pragma('page_size')), Number(pragma('page_count'))];
  const isSmall = pageBytes * pages <= checkedBytesMax;
  return {
    tasks: rowsIn(db, taskMaster),
    assignments: rowsIn(db, taskAssignments),
    events: rowsIn(db, events),
    workers: rowsIn(db, workers),
    page_bytes: pageBytes,
    pages,
    pages_free: Number(pragma('freelist_count')),
    journal_mode: String(pragma('journal_mode')),
    check: isSmall ? String(pragma('quick_check(1)')) : null,
  };
}

function rowsIn(
  db: Db,
  table: typeof taskMaster | typeof taskAssignments | typeof events | typeof workers,
): number {
  return db.select({ count: sql<number>`count(*)` }).from(table).get()?.count ?? 0;
}
