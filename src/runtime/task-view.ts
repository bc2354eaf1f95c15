import { usageOnWire } from '../actors/wire-values.ts';
import { isoTime } from '../db/sql-time.ts';
import { metadataOf, type StoredResult, type TaskRow } from '../db/tasks-table.ts';
import type { ModelReply } from '../machines/model-request.ts';
import type { TaskStatus } from '../machines/task-status.ts';
import type { PredictionView } from './prediction-view.ts';

/** A task as all doors show it; the names are those of the wire. Times are ISO 8601 in UTC. */
export interface TaskView {
  readonly task_id: string;
  readonly status: TaskStatus;
  /** The finer state: scheduled, queued, backing_off, running, or the ending. */
  readonly state: string;
  readonly type: string;
  readonly priority: number;
  readonly prompt: string;
  readonly result: TaskResult | null;
  readonly worker_id: string | null;
  readonly assignment_id: number | null;
  /** Leases so far. */
  readonly attempts: number;
  readonly failures: number;
  /** Earliest (next) start, while it waits for one. */
  readonly run_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** When it will start and finish; `null` once it has ended, and where nothing is known. */
  readonly prediction: PredictionView | null;
}

export interface TaskResult {
  readonly success: boolean;
  readonly output: string;
  readonly error: string | null;
  readonly error_code: string | null;
  readonly usage: Readonly<Record<string, unknown>> | null;
  /** What the model answered beside its text, where it did. */
  readonly reply?: ModelReply;
}

/**
 * @param nowMs the wall clock: a start time that has passed is none
 * @param prediction of a task that has not ended
 */
export function taskView(row: TaskRow, nowMs: number, prediction: PredictionView | null = null): TaskView {
  const runAtMs = row.runAtMs !== null && row.runAtMs > nowMs ? row.runAtMs : null;
  return {
    task_id: row.taskId,
    status: row.status,
    state: stateOf({ ...row, runAtMs }),
    type: row.taskType,
    priority: row.priority,
    prompt: row.prompt,
    result: row.result === null ? null : resultView(JSON.parse(row.result) as StoredResult),
    worker_id: row.workerId,
    assignment_id: row.assignmentId,
    attempts: row.leases,
    failures: row.failures,
    run_at: runAtMs === null ? null : new Date(runAtMs).toISOString(),
    created_at: isoTime(row.createdAt),
    updated_at: isoTime(row.updatedAt),
    started_at: row.startedAt === null ? null : isoTime(row.startedAt),
    ended_at: row.endedAt === null ? null : isoTime(row.endedAt),
    metadata: { ...metadataOf(row) },
    prediction,
  };
}

/** The state of the chart that a row stands for. */
function stateOf(row: Pick<TaskRow, 'status' | 'runAtMs' | 'failures'>): string {
  if (row.status === 'in_progress') return 'running';
  if (row.status !== 'pending') return row.status;
  if (row.runAtMs === null) return 'queued';
  return row.failures > 0 ? 'backing_off' : 'scheduled';
}

function resultView({ usage, ...result }: StoredResult): TaskResult {
  return { ...result, usage: usage === null ? null : usageOnWire(usage) };
}
