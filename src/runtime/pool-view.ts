import type { AssignmentRow } from '../db/assignments-table.ts';
import { isoTime } from '../db/sql-time.ts';
import type { PoolContext } from '../machines/pool-context.ts';
import type { PredictionRecord } from '../machines/prediction-error.ts';
import type { AttemptView, PoolView, PredictionQuality } from './operation.ts';

/**
 * The pool as all doors show it.
 *
 * @param finishes how good the predictions of ends were
 */
export function poolView(pool: PoolContext, state: string, finishes: PredictionRecord | null): PoolView {
  const { roster, board, policy, predictionError } = pool;
  return {
    state,
    config_version: policy.version,
    leases: { used: roster.leaseCount, max: roster.leasesMax },
    waiting: board
      .waitingByTier()
      .map(({ priority, taskType, count }) => ({ priority, type: taskType, count })),
    endpoints: [...roster.endpoints()].map((endpoint) => ({
      endpoint: endpoint.name,
      host: endpoint.host.name,
      breaker: endpoint.breaker,
      detail: endpoint.breaker === 'closed' ? '' : endpoint.detail,
      loaded: endpoint.loaded,
      leases: [...endpoint.inUse.values()].reduce((sum, count) => sum + count, 0),
    })),
    hosts: [...roster.hosts()].map(({ name, used, slotsMax, memoryBytes }) => ({
      host: name,
      leases: used,
      slots_max: slotsMax,
      memory_bytes: memoryBytes,
    })),
    prediction: { duration: qualityOf(predictionError.summary()), finish: qualityOf(finishes) },
  };
}

function qualityOf(record: PredictionRecord | null): PredictionQuality | null {
  if (record === null) return null;
  const { runs, medianError, meanError, withinP90, bias } = record;
  return { runs, median_error: medianError, mean_error: meanError, within_p90: withinP90, bias };
}

export function attemptView(row: AssignmentRow): AttemptView {
  return {
    assignment_id: row.assignmentId,
    attempt: row.lease,
    worker_id: row.workerId,
    model: row.model,
    status: row.assignmentStatus,
    assigned_at: isoTime(row.assignedAt),
    ended_at: row.endedAt === null ? null : isoTime(row.endedAt),
    duration_ms: row.durationMs === null ? null : Math.round(row.durationMs),
    reason: JSON.parse(row.reason) as Record<string, unknown>,
    outcome: row.outcome === null ? null : (JSON.parse(row.outcome) as Record<string, unknown>),
  };
}
