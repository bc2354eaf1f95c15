import { desc, eq, type SQL, sql } from 'drizzle-orm';
import { type Presence, presenceSince } from './availability.ts';
import type { Db } from './client.ts';
import { taskAssignments, taskMaster, workers } from './schema.ts';
import { isoTime, msOfSql, sqlTime } from './sql-time.ts';

/** Figures of a window that ends now, computed from the recorded runs. */
export interface MetricsQuery {
  readonly nowMs: number;
  readonly windowMs: number;
}

export interface MetricsSummary {
  readonly window: {
    readonly since: string;
    readonly until: string;
    readonly hours: number;
    /** There were more runs than are read: `since` is that of the oldest run read, and all figures hold from there. */
    readonly truncated: boolean;
  };
  readonly tasks: { readonly completed: number; readonly failed: number; readonly cancelled: number };
  /** Of the tasks that completed or failed, those that completed; `null` without any. */
  readonly success_rate: number | null;
  /** Of the runs that completed. `null` without any. */
  readonly durations: {
    readonly runs: number;
    readonly mean_ms: number | null;
    readonly p50_ms: number | null;
    readonly p95_ms: number | null;
  };
  /** Of the runs that completed, as far as backends counted. */
  readonly tokens: { readonly prompt: number; readonly output: number; readonly runs_counted: number };
  readonly workers: readonly WorkerMetrics[];
}

export interface WorkerMetrics {
  readonly worker_id: string;
  readonly slots: number;
  /** Leases that ended in the window, by how. */
  readonly completed: number;
  readonly failed: number;
  readonly busy_ms: number;
  /** Share of its slots' time in which it worked, 0 to 1. */
  readonly utilisation: number;
  /** Share of the time since it is known in which it was alive, 0 to 1. */
  readonly availability: number;
}

/** One run that completed. */
export interface RunRow {
  readonly task_id: string;
  readonly worker_id: string;
  readonly model: string | null;
  readonly type: string;
  readonly duration_ms: number | null;
  readonly ended_at: string | null;
  readonly tokens: { readonly prompt: number | null; readonly output: number | null };
}

/** Runs read for one summary: measured at 0.5 s of a thread, and some 60 MB while it lasts. */
const runsReadMax = 100_000;

const tokenColumns = {
  promptTokens: sql<number | null>`json_extract(${taskAssignments.outcome}, '$.promptTokens')`,
  outputTokens: sql<number | null>`json_extract(${taskAssignments.outcome}, '$.outputTokens')`,
};
const leaseColumns = {
  workerId: taskAssignments.workerId,
  status: taskAssignments.assignmentStatus,
  assignedAt: taskAssignments.assignedAt,
  endedAt: taskAssignments.endedAt,
  durationMs: taskAssignments.durationMs,
  ...tokenColumns,
};

export function metricsSummary(
  db: Db,
  { nowMs, windowMs }: MetricsQuery,
  runsMax = runsReadMax,
): MetricsSummary {
  const { firstId, sinceMs, truncated } = beginning(db, nowMs - windowMs, runsMax);
  const span = { sinceMs, untilMs: Math.max(nowMs, sinceMs) };
  const leases = leasesSince(db, firstId, sinceMs);
  const endings = endingsSince(db, sinceMs);
  const { completed, failed } = endings;
  const runs = leases.filter(({ status, endedAt }) => status === 'completed' && endsIn(endedAt, sinceMs));
  return {
    window: {
      since: new Date(span.sinceMs).toISOString(),
      until: new Date(span.untilMs).toISOString(),
      hours: (span.untilMs - span.sinceMs) / 3_600_000,
      truncated,
    },
    tasks: endings,
    success_rate: completed + failed === 0 ? null : completed / (completed + failed),
    durations: durationsOf(runs.flatMap(({ durationMs }) => durationMs ?? [])),
    tokens: tokensOf(runs),
    workers: workerMetrics(db, leases, span, presenceSince(db, span)),
  };
}

/** The last runs that completed, the last first. */
export function lastDurations(db: Db, limit: number): readonly RunRow[] {
  return (
    db
      .select({
        taskId: taskMaster.taskId,
        workerId: taskAssignments.workerId,
        model: taskAssignments.model,
        type: taskMaster.taskType,
        durationMs: taskAssignments.durationMs,
        endedAt: taskMaster.endedAt,
        ...tokenColumns,
      })
      .from(taskMaster)
      .innerJoin(taskAssignments, eq(taskAssignments.assignmentId, taskMaster.assignmentId))
      // `likely`, so that SQLite reads the newest by their index and does not sort all that ever completed.
      .where(sql`likely(${taskMaster.status} = 'completed') AND ${taskMaster.endedAt} IS NOT NULL`)
      .orderBy(desc(taskMaster.endedAt))
      .limit(limit)
      .all()
      .map(({ taskId, workerId, model, type, durationMs, endedAt, promptTokens, outputTokens }) => ({
        task_id: taskId,
        worker_id: workerId,
        model,
        type,
        duration_ms: durationMs,
        ended_at: endedAt === null ? null : isoTime(endedAt),
        tokens: { prompt: promptTokens, output: outputTokens },
      }))
  );
}

interface Beginning {
  /** The first lease that began in the window. */
  readonly firstId: number;
  readonly sinceMs: number;
  readonly truncated: boolean;
}

/**
 * Leases have no index by time, which each assignment would have to pay for; but their ids and their times grow
 * together, so that a search by halves finds the first one.
 */
function beginning(db: Db, fromMs: number, runsMax: number): Beginning {
  const from = sqlTime(fromMs);
  const last = firstLease(db, sql`${taskAssignments.assignmentId} > 0`, true)?.assignmentId ?? 0;
  let low = 1;
  let high = last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = firstLease(db, sql`${taskAssignments.assignmentId} >= ${middle}`);
    if (found === undefined || found.assignedAt >= from) high = middle;
    else low = found.assignmentId + 1;
  }
  if (last - low < runsMax) return { firstId: low, sinceMs: fromMs, truncated: false };
  const firstId = last - runsMax + 1;
  const oldest = firstLease(db, sql`${taskAssignments.assignmentId} >= ${firstId}`);
  return { firstId, sinceMs: oldest === undefined ? fromMs : msOfSql(oldest.assignedAt), truncated: true };
}

function firstLease(db: Db, where: SQL, fromBehind = false) {
  const { assignmentId, assignedAt } = taskAssignments;
  return db
    .select({ assignmentId, assignedAt })
    .from(taskAssignments)
    .where(where)
    .orderBy(fromBehind ? desc(assignmentId) : assignmentId)
    .limit(1)
    .get();
}

type Lease = ReturnType<typeof leasesSince>[number];

/** Those that began in the window, and those from before it that ended in it or go on. */
function leasesSince(db: Db, firstId: number, sinceMs: number) {
  const select = () => db.select(leaseColumns).from(taskAssignments);
  const { assignmentId } = taskAssignments;
  const begun = select().where(sql`${assignmentId} >= ${firstId}`).all();
  const goingOn = select()
    // `+`, so that SQLite takes the index of the few active ones and does not walk all that were ever before.
    .where(sql`${taskAssignments.assignmentStatus} = 'active' AND +${assignmentId} < ${firstId}`)
    .all();
  const endedSince = sql`${taskMaster.endedAt} >= ${sqlTime(sinceMs)} AND ${taskMaster.assignmentId} < ${firstId}`;
  const ended = db
    .select(leaseColumns)
    .from(taskMaster)
    .innerJoin(taskAssignments, eq(assignmentId, taskMaster.assignmentId))
    .where(endedSince)
    .all();
  return [...begun, ...goingOn, ...ended];
}

function endingsSince(db: Db, sinceMs: number): MetricsSummary['tasks'] {
  const rows = db
    .select({ status: taskMaster.status, count: sql<number>`count(*)` })
    .from(taskMaster)
    .where(sql`${taskMaster.endedAt} >= ${sqlTime(sinceMs)}`)
    .groupBy(sql`+${taskMaster.status}`)
    .all();
  const of = (status: string) => rows.find((row) => row.status === status)?.count ?? 0;
  return { completed: of('completed'), failed: of('failed'), cancelled: of('cancelled') };
}

function endsIn(endedAt: string | null, sinceMs: number): boolean {
  return endedAt !== null && msOfSql(endedAt) >= sinceMs;
}

function durationsOf(durations: readonly number[]): MetricsSummary['durations'] {
  const sorted = Float64Array.from(durations).sort();
  // The nearest rank: the least duration that so great a share of the runs did not exceed.
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  const sum = sorted.reduce((total, duration) => total + duration, 0);
  return {
    runs: sorted.length,
    mean_ms: sorted.length === 0 ? null : sum / sorted.length,
    p50_ms: rank(0.5),
    p95_ms: rank(0.95),
  };
}

function tokensOf(runs: readonly Lease[]): MetricsSummary['tokens'] {
  let [prompt, output, runsCounted] = [0, 0, 0];
  for (const { promptTokens, outputTokens } of runs) {
    prompt += promptTokens ?? 0;
    output += outputTokens ?? 0;
    if (promptTokens !== null || outputTokens !== null) runsCounted += 1;
  }
  return { prompt, output, runs_counted: runsCounted };
}

function workerMetrics(
  db: Db,
  leases: readonly Lease[],
  { sinceMs, untilMs }: { readonly sinceMs: number; readonly untilMs: number },
  presence: Presence,
): readonly WorkerMetrics[] {
  const byWorker = new Map<string, Lease[]>();
  for (const lease of leases) {
    const own = byWorker.get(lease.workerId);
    if (own === undefined) byWorker.set(lease.workerId, [lease]);
    else own.push(lease);
  }
  const configured = db
    .select()
    .from(workers)
    .where(eq(workers.configured, 1))
    .orderBy(workers.workerId)
    .all();
  return configured.map(({ workerId, maxConcurrentTasks, createdAt }) => {
    const own = byWorker.get(workerId) ?? [];
    const knownMs = Math.max(0, untilMs - Math.max(sinceMs, msOfSql(createdAt)));
    const ended = own.filter(({ endedAt }) => endsIn(endedAt, sinceMs));
    let busyMs = 0;
    for (const { assignedAt, endedAt } of own) {
      const endMs = endedAt === null ? untilMs : Math.min(untilMs, msOfSql(endedAt));
      busyMs += Math.max(0, endMs - Math.max(sinceMs, msOfSql(assignedAt)));
    }
    return {
      worker_id: workerId,
      slots: maxConcurrentTasks,
      completed: ended.filter(({ status }) => status === 'completed').length,
      failed: ended.filter(({ status }) => status === 'failed' || status === 'retried').length,
      busy_ms: busyMs,
      utilisation: share(busyMs, knownMs * maxConcurrentTasks),
      availability: share(presence.get(workerId) ?? 0, knownMs),
    };
  });
}

/** Clocks that were set back, and slots that became fewer, may not lead out of 0 to 1. */
function share(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.min(1, part / whole);
}
