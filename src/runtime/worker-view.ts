import { isoTime } from '../db/sql-time.ts';
import type { WorkerRow } from '../db/workers-table.ts';
import { workerId } from '../machines/identifiers.ts';
import type { ResidentModel, SightedModel } from '../machines/sighting.ts';
import type { RosterEntry, WorkerRoster } from '../machines/worker-roster.ts';

/**
 * A worker as all doors show it; the names are those of the wire.
 *
 * @param entry what the pool knows of it at this moment; nothing of one that has left
 */
function workerView(row: WorkerRow, entry: RosterEntry | undefined) {
  return {
    worker_id: row.workerId,
    status: row.status,
    liveness: row.liveness,
    admission: entry?.admission ?? row.admission,
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
    leases: entry?.used ?? 0,
    current_tasks: [...(entry?.leases.values() ?? [])].map(({ taskId }) => taskId as string),
    capabilities: entry?.capabilities ?? [],
    host: entry?.host.name ?? null,
    breaker: entry?.endpoint.breaker ?? null,
    breaker_detail: entry === undefined || entry.endpoint.breaker === 'closed' ? '' : entry.endpoint.detail,
    loaded: entry?.endpoint.loaded ?? [],
    models: entry?.endpoint.models?.map(modelOnWire) ?? null,
    residents: entry?.endpoint.loadedModels.map(residentOnWire) ?? [],
  };
}

/** Those that belong to the pool; of one that has left there is a row as well. */
export function workerViews(rows: readonly WorkerRow[], roster: WorkerRoster): readonly WorkerView[] {
  const present = rows.filter(({ configured }) => configured === 1);
  return present.map((row) => workerView(row, roster.get(workerId(row.workerId))));
}

/** What its server could load. */
function modelOnWire({ name, sizeBytes, contextTokensMax }: SightedModel) {
  return { name, size_bytes: sizeBytes, context_tokens_max: contextTokensMax };
}

/** What its server has in memory, as it was seen there. */
function residentOnWire({ name, memoryBytes, contextTokens }: ResidentModel) {
  return { name, memory_bytes: memoryBytes, context_tokens: contextTokens };
}

export type WorkerView = ReturnType<typeof workerView>;
