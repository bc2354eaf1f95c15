import { desc, eq, sql } from 'drizzle-orm';
import type { DispatchReason } from '../machines/placement.ts';
import type { Db } from './client.ts';
import { taskAssignments, taskMaster } from './schema.ts';
import { isoTime, sqlTime } from './sql-time.ts';

/** What ran where: leases with their beginning and end, whatever came of them. */
export interface RunsQuery {
  /** Epoch ms: those that ended before are left out. */
  readonly sinceMs: number;
  /** So many of the last leases are looked at. */
  readonly limit: number;
}

/** One lease. */
export interface LeaseRun {
  readonly assignment_id: number;
  readonly task_id: string;
  readonly worker_id: string;
  readonly model: string | null;
  readonly type: string;
  readonly priority: number;
  /** active, completed, failed, retried or cancelled. */
  readonly status: string;
  readonly started_at: string;
  /** `null` while it goes on. */
  readonly ended_at: string | null;
}

export interface LeaseRuns {
  /** The last first. */
  readonly runs: readonly LeaseRun[];
  /** There were more leases than are read: what began before the oldest one shown is missing. */
  readonly truncated: boolean;
}

/** Reads back from the last lease, by the primary key: what it costs depends on the limit alone. */
export function leaseRuns(db: Db, { sinceMs, limit }: RunsQuery): LeaseRuns {
  const rows = db
    .select({
      assignmentId: taskAssignments.assignmentId,
      taskId: taskAssignments.taskId,
      workerId: taskAssignments.workerId,
      model: taskAssignments.model,
      status: taskAssignments.assignmentStatus,
      assignedAt: taskAssignments.assignedAt,
      endedAt: taskAssignments.endedAt,
      type: taskMaster.taskType,
      priority: taskMaster.priority,
    })
    .from(taskAssignments)
    .innerJoin(taskMaster, eq(taskMaster.taskId, taskAssignments.taskId))
    .orderBy(desc(taskAssignments.assignmentId))
    .limit(limit)
    .all();
  const since = sqlTime(sinceMs);
  const oldest = rows.at(-1);
  return {
    runs: rows
      .filter(({ endedAt }) => endedAt === null || endedAt >= since)
      .map(({ assignmentId, taskId, workerId, model, type, priority, status, assignedAt, endedAt }) => ({
        assignment_id: assignmentId,
        task_id: taskId,
        worker_id: workerId,
        model,
        type,
        priority,
        status,
        started_at: isoTime(assignedAt),
        ended_at: endedAt === null ? null : isoTime(endedAt),
      })),
    truncated: rows.length === limit && oldest !== undefined && oldest.assignedAt >= since,
  };
}

/** A decision that was made: the task as routing saw it, and the reason that was stored. */
export interface DecisionRow {
  readonly assignmentId: number;
  readonly taskId: string;
  readonly workerId: string;
  readonly model: string | null;
  readonly assignedAt: string;
  readonly reason: DispatchReason;
  readonly seq: number;
  readonly priority: number;
  readonly taskType: string;
  readonly createdAt: string;
  readonly fallbacks: number;
  /** Of the metadata what routing looks at; a prompt with pictures stays where it is. */
  readonly requestKind: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  readonly chars: number | null;
  readonly tokens: number | null;
}

/** The last decisions, the last first. */
export function lastDecisions(db: Db, limit: number): readonly DecisionRow[] {
  const of = <T>(path: string) => sql<T | null>`json_extract(${taskMaster.metadata}, ${path})`;
  const rows = db
    .select({
      assignmentId: taskAssignments.assignmentId,
      taskId: taskAssignments.taskId,
      workerId: taskAssignments.workerId,
      model: taskAssignments.model,
      assignedAt: taskAssignments.assignedAt,
      reason: taskAssignments.reason,
      seq: taskMaster.seq,
      priority: taskMaster.priority,
      taskType: taskMaster.taskType,
      createdAt: taskMaster.createdAt,
      fallbacks: taskMaster.fallbacks,
      requestKind: of<string>('$.request.kind'),
      askedModel: of<string>('$.options.model'),
      numPredict: of<number>('$.options.num_predict'),
      numCtx: of<number>('$.options.num_ctx'),
      chars: of<number>('$.size.chars'),
      tokens: of<number>('$.size.tokens'),
    })
    .from(taskAssignments)
    .innerJoin(taskMaster, eq(taskMaster.taskId, taskAssignments.taskId))
    .orderBy(desc(taskAssignments.assignmentId))
    .limit(limit)
    .all();
  return rows.map(({ reason, askedModel, numPredict, numCtx, assignedAt, ...row }) => ({
    ...row,
    assignedAt: isoTime(assignedAt),
    reason: JSON.parse(reason) as DispatchReason,
    options: { model: askedModel, num_predict: numPredict, num_ctx: numCtx },
  }));
}
