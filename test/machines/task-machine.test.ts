import { describe, expect, test } from 'vitest';
import { limits } from '../../src/machines/limits.ts';
import { noUsage, type Outcome, retry } from '../../src/machines/outcome.ts';
import type { TaskCommand } from '../../src/machines/task-events.ts';
import { final, reasonFor, released, success, taskIdOf, transient } from '../support/pool-samples.ts';
import { assign, setupTask, type TaskBench, worker } from '../support/setup-task.ts';

const settle = (outcome: Outcome, draw = 0, elapsedMs = 0): TaskCommand => ({
  type: 'task.settle',
  outcome,
  draw,
  elapsedMs,
});
const start: TaskCommand = { type: 'task.start' };
const cancel: TaskCommand = { type: 'task.cancel' };
const postpone: TaskCommand = { type: 'task.postpone', delayMs: 5_000 };

const ways: Record<string, readonly TaskCommand[]> = {
  queued: [],
  scheduled: [postpone],
  assigned: [assign()],
  running: [assign(), start],
  backingOff: [assign(), start, settle(transient)],
  completed: [assign(), settle(success)],
  failed: [assign(), settle(final)],
  cancelled: [cancel],
};

const commands: Record<string, TaskCommand> = {
  postpone,
  assign: assign(2),
  refuse: { type: 'task.refuse', failure: { code: 'input.too_long', message: 'fits nowhere' } },
  start,
  'settle as a success': settle(success),
  'settle as transient': settle(transient),
  'settle as final': settle(final),
  'settle as released': settle(released),
  'settle as stopped': settle({ kind: 'cancelled' }),
  cancel,
};

/** What happens: the state that follows, and the fact. All that is not listed changes nothing. */
const leased = {
  'settle as a success': 'completed: task.completed',
  'settle as transient': 'backingOff: task.retried',
  'settle as final': 'failed: task.failed',
  'settle as released': 'queued: task.retried',
  'settle as stopped': 'queued: task.retried',
  cancel: 'cancelled: task.cancelled',
};
const table: Record<string, Record<string, string>> = {
  queued: {
    postpone: 'scheduled: ',
    assign: 'assigned: task.assigned',
    refuse: 'failed: task.failed',
    cancel: 'cancelled: task.cancelled',
  },
  scheduled: { cancel: 'cancelled: task.cancelled' },
  assigned: { start: 'running: ', ...leased },
  running: leased,
  backingOff: { cancel: 'cancelled: task.cancelled' },
  completed: {},
  failed: {},
  cancelled: {},
};

function setupIn(state: string): TaskBench {
  const bench = setupTask();
  bench.send(...(ways[state] ?? []));
  expect(bench.state()).toBe(state);
  bench.facts.length = 0;
  bench.reports.length = 0;
  return bench;
}

const cases = Object.keys(ways).flatMap((state) =>
  Object.keys(commands).map((name) => [state, name, table[state]?.[name] ?? `${state}: `] as const),
);

describe('each command in each state', () => {
  test.each(cases)('in %s, %s leads to %s', (state, name, expected) => {
    const bench = setupIn(state);
    bench.send(commands[name] as TaskCommand);
    expect(`${bench.state()}: ${bench.facts.map(({ type }) => type).join()}`).toBe(expected);
    const isReady = expected.startsWith('queued: task.retried');
    expect(bench.reports).toEqual(
      isReady ? [{ type: 'task.ready', taskId: taskIdOf(1), fallbackModel: null }] : [],
    );
    expect(bench.faults).toEqual([]);
  });

  test.each(['completed', 'failed', 'cancelled'])('%s is an end: no timer is left', (state) => {
    const bench = setupIn(state);
    expect(bench.actor.getSnapshot().status).toBe('done');
    expect(bench.pendingTimers()).toBe(0);
  });
});

describe('the facts of a task', () => {
  test('tell of a lease: who, under which token, for the how manyth time, and why', () => {
    const { facts, send } = setupTask({ leases: 4 });
    send(assign(17));
    expect(facts).toEqual([
      {
        type: 'task.assigned',
        taskId: taskIdOf(1),
        assignmentId: 17,
        workerId: worker,
        lease: 5,
        model: 'gpt-oss:20b',
        reason: reasonFor(worker),
      },
    ]);
  });

  test('tell of a completion under the lease that brought it', () => {
    const { facts, send } = setupTask();
    send(assign(1), settle(transient));
    send({ type: 'task.cancel' });
    expect(facts.at(-1)).toMatchObject({ type: 'task.cancelled', from: 'backingOff', assignmentId: null });
    const other = setupTask();
    other.send(assign(9), start, settle(success, 0, 1_234));
    expect(other.facts.at(-1)).toEqual({
      type: 'task.completed',
      taskId: taskIdOf(1),
      assignmentId: 9,
      workerId: worker,
      output: 'an answer',
      usage: noUsage,
      model: 'gpt-oss:20b',
      elapsedMs: 1_234,
    });
  });

  test.each([
    ['queued', [], 'queued', null],
    ['scheduled', [postpone], 'scheduled', null],
    ['assigned', [assign(3)], 'running', 3],
    ['running', [assign(3), start], 'running', 3],
  ] as const)('tell where a task was cancelled: %s', (_state, way, from, assignmentId) => {
    const { facts, send } = setupTask();
    send(...way, cancel);
    expect(facts.at(-1)).toMatchObject({
      type: 'task.cancelled',
      from,
      assignmentId,
      workerId: assignmentId === null ? null : worker,
    });
  });

  test('say of an execution that was stopped that it brought no verdict', () => {
    const { facts, send } = setupTask();
    send(assign(), start, settle({ kind: 'cancelled' }));
    expect(facts.at(-1)).toMatchObject({ failure: { code: 'worker.lost' }, delayMs: 0, failures: 0 });
  });
});

describe('another attempt', () => {
  test('comes after a backoff that grows with each failure', async () => {
    const bench = setupTask({ retryPolicy: { retriesMax: 9, delayMsBase: 1_000, delayMsMax: 8_000 } });
    for (const delayMs of [500, 1_000, 2_000, 4_000, 4_000]) {
      bench.send(assign(), start, settle(transient));
      expect(bench.facts.at(-1)).toMatchObject({ type: 'task.retried', delayMs });
      await bench.clock.advance(delayMs - 1);
      expect(bench.state()).toBe('backingOff');
      await bench.clock.advance(1);
      expect(bench.state()).toBe('queued');
      expect(bench.reports.splice(0)).toHaveLength(1);
    }
  });

  test('is no sooner than a busy server asked for', () => {
    const { facts, send } = setupTask();
    send(assign(), settle(retry('backend.busy', 'come back in 20 s', 20_000)));
    expect(facts.at(-1)).toMatchObject({ delayMs: 20_000 });
  });

  test('is not made when all retries are used', () => {
    const { facts, send, state } = setupTask({ failures: 2 });
    send(assign(), start, settle(transient));
    expect(state()).toBe('failed');
    expect(facts.at(-1)).toMatchObject({ failure: { code: 'backend.busy' }, assignmentId: 1 });
  });

  test('costs no retry after a lost worker, and comes at once', () => {
    const { facts, send, state } = setupTask({ failures: 2 });
    send(assign(), start, settle(released));
    expect(state()).toBe('queued');
    expect(facts.at(-1)).toMatchObject({ type: 'task.retried', failures: 2, delayMs: 0 });
  });

  test('is not made for a task that was given out too often, with a failure that says so', () => {
    const { facts, send, state } = setupTask({ leases: limits.leasesPerTaskMax - 2 });
    send(assign(1), settle(released));
    expect(state()).toBe('queued');
    send(assign(2), settle(released));
    expect(state()).toBe('failed');
    expect(facts.at(-1)).toMatchObject({ failure: { code: 'leases.exhausted' }, assignmentId: 2 });
  });
});

describe('a stand-in for a model that fails', () => {
  const chain = { fallbackChain: ['gpt-oss:20b', 'm2', 'm3'] };

  test('is wanted at once, with the place in the chain on record', () => {
    const { facts, reports, send, state } = setupTask(chain);
    send(assign(), start, settle(final));
    expect(state()).toBe('queued');
    expect(facts.at(-1)).toMatchObject({ type: 'task.retried', failures: 1, fallbacks: 2, delayMs: 0 });
    expect(reports).toEqual([{ type: 'task.ready', taskId: taskIdOf(1), fallbackModel: 'm2' }]);
  });

  test('is wanted again after a backoff, a lost worker and a start time', async () => {
    const bench = setupTask({ ...chain, fallbacks: 2 });
    bench.send(postpone);
    await bench.clock.advance(5_000);
    bench.send(assign(1), settle(released), assign(2), settle(transient));
    await bench.clock.advance(8_000);
    expect(bench.reports.map(({ fallbackModel }) => fallbackModel)).toEqual(['m2', 'm2', 'm2']);
  });

  test('is not wanted where the chain is at its end', () => {
    const { facts, send, state } = setupTask({ ...chain, fallbacks: 3 });
    send(assign(), start, settle(final));
    expect([state(), facts.at(-1)?.type]).toEqual(['failed', 'task.failed']);
  });

  test('does not count for more leases than a task may have', () => {
    const { send, state } = setupTask({ ...chain, leases: limits.leasesPerTaskMax - 1 });
    send(assign(), settle(final));
    expect(state()).toBe('failed');
  });
});

test('a task that is refused fails under no lease, with the failure that it was told', () => {
  const { facts, send, state } = setupTask();
  const failure = { code: 'input.too_long', message: 'fits nowhere' } as const;
  send({ type: 'task.refuse', failure });
  expect(state()).toBe('failed');
  expect(facts).toEqual([
    { type: 'task.failed', taskId: taskIdOf(1), assignmentId: null, workerId: null, failure },
  ]);
});

describe('a start time', () => {
  test('is kept to the millisecond', async () => {
    const bench = setupTask();
    bench.send(postpone);
    await bench.clock.advance(4_999);
    expect([bench.state(), bench.reports.length]).toEqual(['scheduled', 0]);
    await bench.clock.advance(1);
    expect([bench.state(), bench.reports.length]).toEqual(['queued', 1]);
  });

  test('beyond what a timer of Node can hold does not fire at once', async () => {
    const bench = setupTask();
    bench.send({ type: 'task.postpone', delayMs: limits.timerMsMax + 1 });
    await bench.clock.advance(limits.timerMsMax - 1);
    expect(bench.state()).toBe('scheduled');
  });

  test('leaves no timer when the task is cancelled before it', () => {
    const bench = setupTask();
    bench.send(postpone);
    expect(bench.pendingTimers()).toBe(1);
    bench.send(cancel);
    expect(bench.pendingTimers()).toBe(0);
  });
});
