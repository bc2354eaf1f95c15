import { isoTime } from '../db/sql-time.ts';
import type { WorkerRow } from '../db/workers-table.ts';

/** A worker as all doors show it; the names are those of the wire. */
export function workerView(row: WorkerRow) {
  return {
    worker_id: row.workerId,
    status: row.status,
    liveness: row.liveness,
    current_task: row.currentTask,
    tasks_completed: row.tasksCompleted,
    tasks_failed: row.tasksFailed,
    last_heartbeat: row.lastHeartbeat === null ? null : isoTime(row.lastHeartbeat),
    created_at: isoTime(row.createdAt),
    worker_type: row.workerType,
    location: row.location,
    model: row.model,
    endpoint_url: row.endpointUrl,
    performance_factor: row.performanceFactor,
    max_concurrent_tasks: row.maxConcurrentTasks,
  };
}

export type WorkerView = ReturnType<typeof workerView>;
