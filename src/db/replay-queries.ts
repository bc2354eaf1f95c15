import { sql } from 'drizzle-orm';
import { workerId } from '../machines/identifiers.ts';
import type { RecordedRun, RecordedTask } from '../simulation/recorded-load.ts';
import type { Db } from './client.ts';

/** A span of the record, epoch ms, and how many of its tasks are read at most. */
export interface ReplayQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly tasksMax: number;
}

interface AcceptedRow {
  readonly taskId: string;
  readonly atMs: number;
  readonly priority: number;
  readonly taskType: string;
  readonly runAtMs: number | null;
  readonly chars: number | null;
}

interface EndedRow {
  readonly taskId: string;
  readonly type: string;
  readonly atMs: number;
  readonly workerId: string | null;
  readonly elapsedMs: number | null;
  readonly factor: number | null;
}

/** Of a task whose row is gone: an ordinary length. */
const charsUsual = 500;

/**
 * The load of a span as the events tell it: who came when, and what each task took. It goes through the events of the
 * span and those after it, once.
 */
export function recordedTasks(db: Db, { fromMs, toMs, tasksMax }: ReplayQuery): readonly RecordedTask[] {
  const accepted = db.all<AcceptedRow>(sql`
    SELECT e.task_id AS taskId, e.at AS atMs, e.data ->> '$.priority' AS priority,
      e.data ->> '$.task_type' AS taskType, e.data ->> '$.run_at' AS runAtMs,
      coalesce(t.metadata ->> '$.size.chars', length(t.prompt)) AS chars
    FROM events e LEFT JOIN task_master t ON t.task_id = e.task_id
    WHERE e.type = 'task.accepted' AND e.at >= ${fromMs} AND e.at < ${toMs}
    ORDER BY e.seq LIMIT ${tasksMax}`);
  const endings = new Map(endedSince(db, fromMs).map((row) => [row.taskId, row]));
  return accepted.map(({ taskId, atMs, priority, taskType, runAtMs, chars }) => {
    const ending = endings.get(taskId);
    const isCancelled = ending?.type === 'task.cancelled';
    return {
      atMs: atMs - fromMs,
      taskType,
      priority,
      chars: chars ?? charsUsual,
      laterMs: runAtMs === null ? null : Math.max(0, runAtMs - atMs),
      cancelledAfterMs: isCancelled ? Math.max(0, ending.atMs - atMs) : null,
      run: ending === undefined ? null : runOf(ending),
    };
  });
}

function endedSince(db: Db, fromMs: number): readonly EndedRow[] {
  return db.all<EndedRow>(sql`
    SELECT e.task_id AS taskId, e.type, e.at AS atMs, e.data ->> '$.worker_id' AS workerId,
      e.data ->> '$.elapsed_ms' AS elapsedMs, w.performance_factor AS factor
    FROM events e LEFT JOIN workers w ON w.worker_id = e.data ->> '$.worker_id'
    WHERE e.type IN ('task.completed', 'task.cancelled') AND e.at >= ${fromMs}`);
}

function runOf({ workerId: id, elapsedMs, factor }: EndedRow): RecordedRun | null {
  if (id === null || elapsedMs === null) return null;
  return { workerId: workerId(id), durationMs: Math.max(1, elapsedMs), factor: factor ?? 1 };
}
