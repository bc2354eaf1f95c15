import { endpointMachine } from '../../src/machines/endpoint-machine.ts';
import { assignmentId, workerId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { retry } from '../../src/machines/outcome.ts';
import type { PoolCommand } from '../../src/machines/pool-events.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import type { WorkerReport } from '../../src/machines/worker-reports.ts';
import type { PoolScenario, PoolStep } from './path-pool.ts';
import { makeSpec, makeTicket, success, taskIdOf, transient } from './pool-samples.ts';
import type { PoolBench } from './setup-pool.ts';

const a = makeSpec('a');
const b = makeSpec('b');
const broken = retry('backend.error', 'the server answered 500');
const tier = { priority: 5, taskType: 'general' };
const crash = () => {
  throw new Error('it was told to crash');
};
const fragileTask = taskMachine.provide({ actions: { endLease: crash } });
const fragileBreaker = endpointMachine.provide({ actions: { countFailure: crash } });

const accepting = 'running.accepting';
/** Recovery has read the rows, and every worker answers. */
const open: PoolStep = [
  (bench) => {
    bench.pool.send({ type: 'pool.open', recovered: 0, waiting: [] });
    for (const { workerId: id } of bench.specs) bench.world.beat(id);
  },
  accepting,
  ['pool.started', 'worker.changed'],
];
const say =
  (...commands: readonly PoolCommand[]) =>
  ({ pool }: PoolBench) => {
    for (const command of commands) pool.send(command);
  };
const admit = (seq: number) => (bench: PoolBench) => bench.admit(makeTicket(seq));
const settle =
  (seq: number, outcome = success) =>
  (bench: PoolBench) =>
    bench.settle(seq, outcome);
const pass = (ms: number) => (bench: PoolBench) => bench.advance(ms);
/** A worker that is fragile crashes at its first beat that does not come. */
const crashWorker = (bench: PoolBench) => {
  bench.beat('a');
  bench.miss('a');
};
const crashed: PoolStep = [crashWorker, accepting, ['worker.changed', 'worker.changed']];
/** A result that came over a link, when its lease was over. */
const late: WorkerReport = {
  type: 'worker.settled',
  workerId: a.workerId,
  taskId: taskIdOf(7),
  assignmentId: assignmentId(7),
  outcome: success,
  draw: 0,
  elapsedMs: 0,
};

/** What a pool goes through, each scenario from its own start. */
export const poolScenarios: Readonly<Record<string, PoolScenario>> = {
  'a task that is tried twice': {
    options: { workers: [a] },
    steps: [
      open,
      [admit(1), accepting, ['task.assigned']],
      [settle(1, transient), accepting, ['task.retried']],
      [pass(8_000), accepting, ['task.assigned']],
      [settle(1), accepting, ['task.completed']],
      [say({ type: 'pool.rate' }), accepting],
    ],
  },
  'rows that wait behind the window': {
    options: { workers: [] },
    steps: [
      [say({ type: 'pool.open', recovered: 0, waiting: [] }), accepting, ['pool.started']],
      [say({ type: 'pool.due', waiting: [{ ...tier, count: 1, firstSeq: 1 }] }), accepting],
      [say({ type: 'pool.activate', tier, tickets: [makeTicket(1)], exhausted: true }), accepting],
      [(bench) => bench.reprioritize(makeTicket(1), 8), accepting, ['task.reprioritized']],
      [(bench) => bench.cancel(makeTicket(1)), accepting, ['task.cancelled']],
      [admit(2), accepting],
      [say({ type: 'pool.forget', tasks: [{ taskId: taskIdOf(2), waitedAt: null }] }), accepting],
    ],
  },
  'work that nobody waits for any more': {
    options: { workers: [a] },
    steps: [
      open,
      [admit(1), accepting, ['task.assigned']],
      [(bench) => bench.cancel(makeTicket(1), 'held'), accepting, ['task.cancelled']],
      [({ pool }) => pool.send(late), accepting, ['worker.reported_late']],
    ],
  },
  'a worker that is lost, and found again': {
    options: { workers: [a] },
    steps: [
      open,
      [admit(1), accepting, ['task.assigned']],
      [(bench) => bench.miss('a', 3), accepting, ['worker.changed', 'task.retried', 'worker.changed']],
      [say({ type: 'pool.probe', workerId: a.workerId }), accepting],
      [
        (bench) => bench.beat('a', { models: [], residents: [] }),
        accepting,
        ['worker.changed', 'task.assigned'],
      ],
    ],
  },
  'a worker that is told to rest': {
    options: { workers: [a] },
    steps: [
      open,
      [(bench) => bench.order('a', 'drain'), accepting, ['worker.readmitted', 'worker.readmitted']],
      [(bench) => bench.order('a', 'resume'), accepting, ['worker.readmitted']],
    ],
  },
  'a server that fails, and is tried again': {
    options: { workers: [a] },
    steps: [
      open,
      ...[1, 2].flatMap((seq): PoolStep[] => [
        [admit(seq), accepting, ['task.assigned']],
        [settle(seq, broken), accepting, ['task.retried']],
      ]),
      [admit(3), accepting, ['task.assigned']],
      [settle(3, broken), accepting, ['task.retried', 'endpoint.changed']],
      [pass(30_000), accepting, ['endpoint.changed', 'task.assigned']],
      [say({ type: 'pool.reset', endpoint: a.endpoint }), accepting, ['endpoint.changed']],
    ],
  },
  'workers that come and go': {
    options: { workers: [a] },
    steps: [
      open,
      [
        say({ type: 'pool.enrol', spec: b, admission: 'active', detail: 'it joined' }),
        accepting,
        ['worker.enrolled'],
      ],
      [
        say({ type: 'pool.retire', workerId: workerId('b'), detail: 'goodbye' }),
        accepting,
        ['worker.readmitted', 'worker.readmitted', 'worker.retired'],
      ],
      [(bench) => bench.reconfigure([a, b]), accepting, ['pool.reconfigured', 'worker.enrolled']],
    ],
  },
  'a task whose actor crashes': {
    options: { workers: [a], task: fragileTask },
    steps: [
      open,
      [admit(1), accepting, ['task.assigned']],
      [settle(1, transient), accepting, ['task.failed']],
    ],
  },
  'a breaker that crashes, and is forgiven': {
    options: { workers: [a], endpoint: fragileBreaker },
    steps: [
      open,
      [admit(1), accepting, ['task.assigned']],
      [settle(1, broken), accepting, ['task.retried', 'endpoint.changed']],
      [pass(limits.crashWindowMs), accepting, ['task.assigned']],
    ],
  },
  'a worker that crashes too often, and is called back': {
    options: { workers: [a], isFragile: true },
    steps: [
      open,
      [(bench) => bench.miss('a'), accepting, ['worker.changed']],
      ...Array.from({ length: limits.crashesPerWindowMax - 1 }, () => crashed),
      // Its new actor knows no better than the pool what has become of it.
      [(bench) => bench.miss('a'), accepting],
      [crashWorker, accepting, ['worker.changed', 'worker.changed', 'worker.readmitted']],
      [(bench) => bench.order('a', 'resume'), accepting, ['worker.readmitted']],
    ],
  },
  'a pause, over a restart': {
    options: { workers: [a], isPaused: true },
    steps: [
      [open[0], 'running.paused', ['pool.started', 'worker.changed']],
      [admit(1), 'running.paused'],
      [say({ type: 'pool.resume' }), accepting, ['pool.resumed', 'task.assigned']],
      [say({ type: 'pool.pause' }), 'running.paused', ['pool.paused']],
    ],
  },
  'a drain that waits for what runs': {
    options: { workers: [a] },
    steps: [
      open,
      [admit(1), accepting, ['task.assigned']],
      [say({ type: 'pool.drain' }), 'draining', ['pool.draining']],
      [settle(1), 'stopped', ['task.completed', 'pool.stopped']],
    ],
  },
  'a drain that has waited long enough': {
    options: { workers: [a] },
    steps: [
      open,
      [admit(1), accepting, ['task.assigned']],
      [say({ type: 'pool.drain' }), 'draining', ['pool.draining']],
      [pass(30_000), 'stopped', ['task.retried', 'pool.stopped']],
    ],
  },
  'a drain before recovery has read the rows': {
    options: { workers: [a] },
    steps: [[say({ type: 'pool.drain' }), 'stopped', ['pool.stopped']]],
  },
};
