import { ReadyIndex } from '../../dist/machines/ready-index.js';
import { route } from '../../dist/machines/routing.js';
import { WorkerRoster } from '../../dist/machines/worker-roster.js';
import { quantile } from '../report/statistics.mjs';

const workers = 32;
const slotsPerWorker = 4;
const types = ['general', 'code_generation', 'code_review', 'translation', 'documentation'];
const policy = {
  rules: [
    {
      priorityMin: 1,
      priorityMax: 10,
      preferredWorkers: ['local', 'remote'],
      fallbackToLocal: false,
      loadBalancing: true,
      reason: 'the least loaded worker',
    },
  ],
};

/**
 * What choosing the next task and its worker costs, among so many that are ready and 32 workers: µs for each choice.
 * The walk is a new one each time, which is the dearer way: a turn of the pool makes all its choices in one.
 *
 * @param {{ tasks: number, picks: number }} plan
 */
export function measureDispatch({ tasks, picks }) {
  const roster = new WorkerRoster(Array.from({ length: workers }, specOf), workers * slotsPerWorker, 1);
  for (const entry of roster.all()) entry.liveness = 'alive';
  const index = new ReadyIndex();
  let seq = 0;
  const add = () => {
    seq += 1;
    index.add({ seq, priority: 1 + (seq % 10), routeClass: types[seq % types.length], waiting: false });
  };
  for (let task = 0; task < tasks; task += 1) add();

  const held = [];
  const times = [];
  for (let pick = 0; pick < picks; pick += 1) {
    const startedAt = performance.now();
    const taken = index.walk().next(({ priority, routeClass }) => {
      const reason = route({ priority, taskType: routeClass }, roster.all(), policy);
      return reason && roster.get(reason.choice);
    });
    const assignmentId = roster.lease(taken.place, `task-${taken.entry.seq}`);
    times.push((performance.now() - startedAt) * 1_000);
    held.push({ worker: taken.place, assignmentId });
    add();
    // Some slots stay taken, as in a pool that works.
    if (held.length < workers * (slotsPerWorker / 2)) continue;
    const ended = held.shift();
    ended.worker.leases.delete(ended.assignmentId);
  }
  const measured = times.slice(times.length / 2);
  return { p50Micros: quantile(measured, 0.5), p99Micros: quantile(measured, 0.99), tasks, workers };
}

function specOf(_, index) {
  return {
    workerId: `worker-${index}`,
    location: 'local',
    capabilities: index % 2 === 0 ? [] : types,
    performanceFactor: 1,
    slots: slotsPerWorker,
    standby: false,
    missesMax: 3,
    silenceMsMax: 90_000,
  };
}
