import type { AnyEventObject, AnyMachineSnapshot } from 'xstate';
import { limits } from '../../src/machines/limits.ts';
import { failed, type Outcome, retry } from '../../src/machines/outcome.ts';
import type { TaskContext, TaskInput } from '../../src/machines/task-events.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import { poolThatHears } from './path-replay.ts';
import type { Walk } from './path-walk.ts';
import { final, reasonFor, released, success, taskIdOf, transient } from './pool-samples.ts';
import { assign } from './setup-task.ts';
import { local } from './store-samples.ts';

/** So often it was given out before; three times more, and it has been given out too often. */
export const leasesBefore = limits.leasesPerTaskMax - 3;
export const postponedMs = 5_000;
export const taskInput: TaskInput = {
  taskId: taskIdOf(1),
  pool: poolThatHears(() => undefined),
  leases: leasesBefore,
  failures: 0,
  retryPolicy: { retriesMax: 1, delayMsBase: 1_000, delayMsMax: 8_000 },
  fallbackChain: ['gpt-oss:20b', 'm2'],
  fallbacks: 0,
};

const outcomes: readonly Outcome[] = [
  success,
  transient,
  retry('backend.busy', 'come back later', 60_000),
  retry('backend.error', 'too large for the memory'), // Another model may do better, at last.
  final, // Another model may do better, at once.
  failed('input.refused', 'no such option'),
  released,
  { kind: 'cancelled' },
];

function settle(outcome: Outcome, draw = 0): AnyEventObject {
  return { type: 'task.settle', outcome, draw, elapsedMs: 12 };
}

/** As the pool hands it out: with the model that it was told to take. */
function assignIn({ context }: AnyMachineSnapshot): AnyEventObject {
  const { fallbackChain, fallbacks } = context as TaskContext;
  const reason = reasonFor(local);
  return { ...assign(), reason: { ...reason, model: fallbackChain[fallbacks - 1] ?? reason.model } };
}

/** Only a task that has just come to life is told of its start time. */
function isNew({ value, context }: AnyMachineSnapshot): boolean {
  const { leases, delayMs } = context as TaskContext;
  return value === 'queued' && leases === leasesBefore && delayMs === 0;
}

/** Whatever may happen to a task. */
export const anyTaskWalk: Walk = {
  machine: taskMachine,
  input: taskInput,
  events: (snapshot) => [
    ...(isNew(snapshot) ? [{ type: 'task.postpone', delayMs: postponedMs }] : []),
    assignIn(snapshot),
    { type: 'task.start' },
    ...outcomes.map((outcome) => settle(outcome)),
    settle(transient, 0.99),
    { type: 'task.refuse', failure: { code: 'input.too_long', message: 'shorten it' } },
    { type: 'task.reprioritize', priority: 8 },
    { type: 'task.cancel' },
  ],
  keyOf: ({ context }) => {
    const { leases, failures, fallbacks, delayMs, lease } = context as TaskContext;
    return [leases, failures, fallbacks, delayMs, lease?.model];
  },
};

/** What a task goes through that is not ended from outside. */
export const taskLifeWalk: Walk = {
  ...anyTaskWalk,
  events: (snapshot) => [
    ...(isNew(snapshot) ? [{ type: 'task.postpone', delayMs: postponedMs }] : []),
    assignIn(snapshot),
    { type: 'task.start' },
    ...[success, transient, final, released].map((outcome) => settle(outcome)),
  ],
};
