import { describe, expect, test } from 'vitest';
import { type AssignmentId, assignmentId, workerId } from '../../src/machines/identifiers.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import type { PoolEvent } from '../../src/machines/pool-events.ts';
import type { SettledReport } from '../../src/machines/worker-reports.ts';
import { makeTicket, success, taskIdOf, transient } from '../support/pool-samples.ts';
import { setupPool } from '../support/setup-pool.ts';

const gone = workerId('gone');

function report(seq: number, lease: AssignmentId, parts: Partial<SettledReport> = {}): SettledReport {
  return {
    type: 'worker.settled',
    workerId: workerId('local_001'),
    taskId: taskIdOf(seq),
    assignmentId: lease,
    outcome: success,
    draw: 0,
    elapsedMs: 0,
    ...parts,
  };
}

function setupRunning(workers = 1) {
  const bench = setupPool({ workers });
  bench.admit(makeTicket(1));
  bench.turn();
  return { bench, lease: bench.leaseOf(1) };
}

describe('a result', () => {
  test('counts under the token that its task holds', () => {
    const { bench, lease } = setupRunning();
    bench.pool.send(report(1, lease));
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
    expect(bench.factsOfType('task.completed')).toMatchObject([{ assignmentId: lease }]);
    expect(bench.roster.leaseCount).toBe(0);
  });

  test('that comes twice counts once, and the second is on record as late', () => {
    const { bench, lease } = setupRunning();
    bench.pool.send(report(1, lease));
    bench.pool.send(report(1, lease));
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
    expect(bench.factsOfType('worker.reported_late')).toEqual([
      {
        type: 'worker.reported_late',
        workerId: 'local_001',
        taskId: taskIdOf(1),
        assignmentId: lease,
        outcome: 'succeeded',
      },
    ]);
  });

  test.each([
    ['a token that was never given out', { assignmentId: assignmentId(999) }],
    ['a token of the past', { assignmentId: assignmentId(0) }],
    ['another task', { taskId: taskIdOf(2) }],
    ['a task that nobody knows', { taskId: taskIdOf(77) }],
    ['a worker that does not hold the lease', { workerId: workerId('local_002') }],
    ['a worker that does not exist', { workerId: workerId('nobody') }],
  ])('under %s changes nothing and is on record as late', (_what, forged) => {
    const { bench, lease } = setupRunning(2);
    bench.admit(makeTicket(2));
    bench.turn();
    const before = bench.roster.leaseCount;
    bench.pool.send(report(1, lease, forged));
    expect(bench.storyOf(1)).toEqual(['assigned']);
    expect(bench.storyOf(2)).toEqual(['assigned']);
    expect(bench.roster.leaseCount).toBe(before);
    expect(bench.factsOfType('worker.reported_late')).toHaveLength(1);
  });

  test('of a lost worker comes too late: the attempt after it decides', () => {
    const { bench, lease } = setupRunning(2);
    const [first] = bench.specs;
    if (first === undefined) throw new Error('there are two workers');
    for (let misses = 0; misses < 3; misses += 1) bench.world.miss(first.workerId);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried', 'assigned']);
    bench.pool.send(report(1, lease));
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried', 'assigned']);
    expect(bench.factsOfType('worker.reported_late')).toMatchObject([{ assignmentId: lease }]);
    bench.world.settle(bench.leaseOf(1), success);
    expect(bench.factsOfType('task.completed')).toMatchObject([{ workerId: 'local_002' }]);
  });

  test('of an execution that was told to stop is no news', () => {
    const { bench, lease } = setupRunning();
    bench.cancel(makeTicket(1), 'held');
    bench.commit();
    expect(bench.world.stopped).toEqual([lease]);
    expect(bench.storyOf(1)).toEqual(['assigned', 'cancelled']);
    expect(bench.factsOfType('worker.reported_late')).toEqual([]);
    expect(bench.roster.leaseCount).toBe(0);
  });

  test('between the cancel and its commit is late: the cancel stands', () => {
    const { bench, lease } = setupRunning();
    bench.cancel(makeTicket(1), 'held');
    bench.world.settle(lease, success);
    bench.commit();
    expect(bench.storyOf(1)).toEqual(['assigned', 'cancelled']);
    expect(bench.factsOfType('worker.reported_late')).toMatchObject([{ outcome: 'succeeded' }]);
    expect(bench.roster.leaseCount).toBe(0);
  });

  test('of a former attempt does not free the slot of the one that runs', () => {
    const { bench, lease } = setupRunning();
    bench.world.settle(lease, { kind: 'released', failure: { code: 'worker.lost', message: 'x' } });
    bench.turn();
    const next = bench.leaseOf(1);
    expect(next).toBeGreaterThan(lease);
    const outcomes: readonly Outcome[] = [success, transient, { kind: 'cancelled' }];
    for (const outcome of outcomes) bench.pool.send(report(1, lease, { outcome }));
    expect(bench.leaseOf(1)).toBe(next);
    expect(bench.roster.leaseCount).toBe(1);
  });
});

test.each<[string, PoolEvent]>([
  ['is lost', { type: 'worker.noticed', workerId: gone, liveness: 'lost', detail: 'no answer' }],
  ['takes work', { type: 'worker.admitted', workerId: gone, admission: 'active', detail: '' }],
  ['has a model', { type: 'worker.sighted', workerId: gone, sighting: { models: [], residents: [] } }],
  [
    'has a server that is being tried',
    {
      type: 'endpoint.noticed',
      endpoint: 'http://gone',
      breaker: 'trying',
      detail: 'a task is under way',
      openMs: 0,
      failuresByCode: {},
    },
  ],
])('a word that comes from a worker that nobody knows, that it %s, stops nobody else', (_what, word) => {
  const { bench } = setupRunning();
  bench.pool.send(word);
  bench.settle(1, success);
  expect([bench.state, bench.storyOf(1)]).toEqual([{ running: 'accepting' }, ['assigned', 'completed']]);
  expect(bench.roster.get(gone)).toBeUndefined();
});
