import type { WorkerView } from '../../runtime/worker-view.ts';
import type { Runtime } from '../../runtime.ts';

export interface WorkerFilter {
  readonly status?: string | null;
  readonly minTasksCompleted?: number | null;
}

export function workerOf(view: WorkerView) {
  return {
    id: view.worker_id,
    status: view.status,
    currentTask: view.current_task,
    tasksCompleted: view.tasks_completed,
    tasksFailed: view.tasks_failed,
    lastHeartbeat: view.last_heartbeat,
    createdAt: view.created_at,
    admission: view.admission,
    breaker: view.breaker,
    loaded: view.loaded,
  };
}

export function workerNamed(runtime: Runtime, id: string): WorkerView | null {
  return runtime.workers().find(({ worker_id }) => worker_id === id) ?? null;
}

/** Who asks for those that are offline gets them, also among the active ones. */
export function workersMatching(runtime: Runtime, filter: WorkerFilter | null, activeOnly: boolean) {
  const { status = null, minTasksCompleted = null } = filter ?? {};
  const matching = runtime.workers().filter((worker) => {
    if (status !== null ? worker.status !== status : activeOnly && worker.status === 'offline') return false;
    return worker.tasks_completed >= (minTasksCompleted ?? 0);
  });
  return matching.map(workerOf);
}

export function workerStatistics(runtime: Runtime) {
  const workers = runtime.workers();
  const sum = (of: (worker: WorkerView) => number) => workers.reduce((total, each) => total + of(each), 0);
  const totalCompleted = sum((worker) => worker.tasks_completed);
  const totalFailed = sum((worker) => worker.tasks_failed);
  const ended = totalCompleted + totalFailed;
  return {
    totalWorkers: workers.length,
    busyWorkers: sum(({ status }) => (status === 'busy' ? 1 : 0)),
    idleWorkers: sum(({ status }) => (status === 'idle' ? 1 : 0)),
    totalCompleted,
    totalFailed,
    successRate: ended === 0 ? 0 : (totalCompleted / ended) * 100,
  };
}
