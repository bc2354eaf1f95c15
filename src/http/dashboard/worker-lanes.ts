import type { LeaseRun } from '../../db/run-queries.ts';

/** A run on the lane where it is drawn. */
export interface LaneRun {
  readonly run: LeaseRun;
  /** 0 for the uppermost lane of its worker. */
  readonly lane: number;
  /** Both as shares of the window, 0 to 1. */
  readonly start: number;
  readonly end: number;
}

export interface WorkerLanes {
  readonly workerId: string;
  /** 1 at least. */
  readonly lanes: number;
  /** In the order of their beginning. */
  readonly runs: readonly LaneRun[];
}

/** A time, ISO 8601. */
export interface RunWindow {
  readonly since: string;
  readonly until: string;
}

/** A window as it stands some ms later. */
export function windowLater({ since, until }: RunWindow, byMs: number): RunWindow {
  const later = (iso: string) => new Date(Date.parse(iso) + byMs).toISOString();
  return { since: later(since), until: later(until) };
}

/**
 * Puts the runs of each worker on as few lanes as they take, so that none lies over another. Those that left the window are
 * left out.
 *
 * @param workerIds have a lane whether they ran anything or not
 */
export function lanesOf(
  runs: readonly LeaseRun[],
  window: RunWindow,
  workerIds: readonly string[],
): readonly WorkerLanes[] {
  const [sinceMs, untilMs] = [Date.parse(window.since), Date.parse(window.until)];
  const shareOf = (ms: number) => Math.min(1, Math.max(0, (ms - sinceMs) / (untilMs - sinceMs)));
  const byWorker = new Map<string, { freeAtMs: number[]; runs: LaneRun[] }>(
    workerIds.map((id) => [id, { freeAtMs: [], runs: [] }]),
  );
  for (const run of runs.toSorted((a, b) => a.assignment_id - b.assignment_id)) {
    const startMs = Date.parse(run.started_at);
    const endMs = run.ended_at === null ? Math.max(untilMs, startMs) : Date.parse(run.ended_at);
    if (endMs < sinceMs) continue;
    let worker = byWorker.get(run.worker_id);
    if (worker === undefined) {
      worker = { freeAtMs: [], runs: [] };
      byWorker.set(run.worker_id, worker);
    }
    const free = worker.freeAtMs.findIndex((freeMs) => freeMs <= startMs);
    const lane = free === -1 ? worker.freeAtMs.length : free;
    worker.freeAtMs[lane] = endMs;
    worker.runs.push({ run, lane, start: shareOf(startMs), end: shareOf(endMs) });
  }
  return [...byWorker]
    .map(([workerId, { freeAtMs, runs: own }]) => ({
      workerId,
      lanes: Math.max(1, freeAtMs.length),
      runs: own,
    }))
    .sort((a, b) => (a.workerId < b.workerId ? -1 : 1));
}
