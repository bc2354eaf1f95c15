import type { WorkerView } from '../../runtime/worker-view.ts';
import type { Runtime } from '../../runtime.ts';
import { atLeast, refused } from './refusals.ts';
import { workerNamed, workerOf } from './worker-fields.ts';

const by = 'graphql';

/**
 * The resolvers of mutations of workers. Workers come from the configuration or join by themselves; this brings them to
 * work and lets them rest. A refusal is an answer: `success: false`, and why.
 */
export function workerMutations(runtime: Runtime) {
  const answer = async (id: string | null, act: () => Promise<object>): Promise<object> => {
    try {
      return await act();
    } catch (error) {
      const worker = id === null ? null : workerNamed(runtime, id);
      return { ...refused(error), workerId: id, worker: worker && workerOf(worker) };
    }
  };
  return {
    spawnWorker: (_: unknown, { count }: { count?: number | null }) =>
      answer(null, () => bringBack(runtime, atLeast('count', count ?? 1, 1))),
    terminateWorker: (_: unknown, { id }: { id: string }) =>
      answer(id, async () => {
        const worker = await runtime.order(id, 'drain', by);
        const message = 'it ends what it has, and is given nothing more; spawnWorker brings it back';
        return { success: true, workerId: id, message, worker: workerOf(worker) };
      }),
    scaleWorkers: (_: unknown, { targetCount }: { targetCount: number }) =>
      answer(null, () => scale(runtime, atLeast('targetCount', targetCount, 0))),
    cleanupDeadWorkers: () => runtime.housekeeping.dismissLost(),
  };
}

/** Those that could take work if they were asked to: in reserve first. Quarantined ones wait for somebody to look. */
function resting(runtime: Runtime): readonly WorkerView[] {
  const isReserve = ({ admission }: WorkerView) => admission === 'standby';
  const isDrained = ({ admission }: WorkerView) => admission === 'drained' || admission === 'draining';
  const workers = runtime.workers();
  return [...workers.filter(isReserve), ...workers.filter(isDrained)];
}

async function bringBack(runtime: Runtime, count: number) {
  const chosen = resting(runtime).slice(0, count);
  for (const { worker_id } of chosen) await runtime.order(worker_id, 'resume', by);
  const done = chosen.length === 0 ? 'nothing was done' : `these take work again: ${namesOf(chosen)}`;
  const missing = count - chosen.length;
  const lack = missing === 0 ? '' : `; ${missing} more asked for, but no further worker is in reserve`;
  return outcome(runtime, chosen, missing === 0, `${done}${lack}`);
}

async function scale(runtime: Runtime, target: number) {
  const active = runtime.workers().filter(({ admission }) => admission === 'active');
  if (active.length < target) return bringBack(runtime, target - active.length);
  // Those without work first: what runs is disturbed least.
  const chosen = active.toSorted((a, b) => a.leases - b.leases).slice(0, active.length - target);
  for (const { worker_id } of chosen) await runtime.order(worker_id, 'drain', by);
  const message =
    chosen.length === 0 ? `${target} take work already` : `these are drained: ${namesOf(chosen)}`;
  return outcome(runtime, chosen, true, message);
}

function outcome(runtime: Runtime, chosen: readonly WorkerView[], success: boolean, message: string) {
  const first = chosen[0]?.worker_id ?? null;
  const worker = first === null ? null : workerNamed(runtime, first);
  const code = success ? null : 'WORKER_UNAVAILABLE';
  return { success, workerId: first, message, code, worker: worker && workerOf(worker) };
}

function namesOf(workers: readonly WorkerView[]): string {
  return workers.map(({ worker_id }) => worker_id).join(', ');
}
