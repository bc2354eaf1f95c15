import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignmentId } from '../../src/machines/identifiers.ts';
import { success, taskIdOf, transient } from '../support/pool-samples.ts';
import { setupWorker } from '../support/setup-worker.ts';

describe('what a worker runs', () => {
  test('is reported with its lease, its outcome and the draw for its backoff', () => {
    const bench = setupWorker();
    bench.world.settle(bench.run(7), transient, 0.25, 1_234);
    expect(bench.settled()).toEqual([
      {
        type: 'worker.settled',
        workerId: 'local_001',
        taskId: taskIdOf(7),
        assignmentId: 7,
        outcome: transient,
        draw: 0.25,
        elapsedMs: 1_234,
      },
    ]);
    expect(bench.slots()).toEqual([null]);
  });

  test('takes the first free slot, and its place is taken again', () => {
    const bench = setupWorker({ slots: 3 });
    for (const lease of [1, 2, 3]) bench.run(lease);
    expect(bench.slots()).toEqual([1, 2, 3]);
    bench.world.settle(assignmentId(2), success);
    expect(bench.slots()).toEqual([1, null, 3]);
    bench.run(4);
    expect(bench.slots()).toEqual([1, 4, 3]);
    expect(bench.world.executions.get(assignmentId(4))).toMatchObject({
      workerId: 'local_001',
      slot: 1,
      run: { taskId: taskIdOf(4), assignmentId: 4, model: 'gpt-oss:20b' },
    });
  });

  test('goes on while beats are missed, and after the worker counts as lost', () => {
    const bench = setupWorker();
    const lease = bench.run(1);
    bench.beat();
    for (let misses = 0; misses < 5; misses += 1) bench.miss();
    bench.world.settle(lease, success);
    expect(bench.settled()).toMatchObject([{ assignmentId: 1, outcome: { kind: 'succeeded' } }]);
  });

  test('is never more than it has slots for: what comes on top is sent back, at no cost', () => {
    const bench = setupWorker({ slots: 1 });
    bench.run(1);
    bench.run(2);
    expect(bench.settled()).toMatchObject([
      { assignmentId: 2, outcome: { kind: 'released', failure: { code: 'worker.lost' } } },
    ]);
    expect([...bench.world.executions.keys()]).toEqual([1]);
  });

  test('is told to stop, and gives its slot back when it has', () => {
    const bench = setupWorker({ slots: 2 });
    bench.run(1);
    bench.run(2);
    bench.stop(2);
    expect(bench.world.stopped).toEqual([2]);
    expect(bench.slots()).toEqual([1, null]);
    expect(bench.settled()).toMatchObject([{ assignmentId: 2, outcome: { kind: 'cancelled' } }]);
  });

  test('is not disturbed by a stop for another lease, or by a second one', () => {
    const bench = setupWorker();
    bench.run(1);
    bench.stop(9);
    expect(bench.world.stopped).toEqual([]);
    bench.stop(1);
    bench.stop(1);
    expect(bench.settled()).toHaveLength(1);
  });

  test('counts once: a second report of an execution changes nothing', () => {
    const bench = setupWorker();
    const lease = bench.run(1);
    bench.world.settle(lease, success);
    const next = bench.run(2);
    const again = {
      slot: 0,
      taskId: taskIdOf(1),
      assignmentId: lease,
      outcome: success,
      draw: 0,
      elapsedMs: 0,
    };
    bench.actor.send({ type: 'execution.settled', reports: [again] });
    expect(bench.settled()).toHaveLength(1);
    expect(bench.slots()).toEqual([next]);
    expect([...bench.world.executions.keys()]).toEqual([next]);
  });
});

describe('an execution that crashes', () => {
  test('when it begins is reported as worth another attempt, and its slot is free', () => {
    const bench = setupWorker();
    bench.world.crashNext = 1;
    bench.run(1);
    expect(bench.settled()).toMatchObject([
      { assignmentId: 1, outcome: { kind: 'retry', failure: { code: 'execution.crashed' } } },
    ]);
    expect(bench.slots()).toEqual([null]);
    bench.run(2);
    expect([...bench.world.executions.keys()]).toEqual([2]);
  });

  test('leaves the ones beside it alone', () => {
    const bench = setupWorker({ slots: 3 });
    bench.run(1);
    bench.world.crashNext = 1;
    bench.run(2);
    bench.run(3);
    expect(bench.slots()).toEqual([1, 3, null]);
    expect(bench.faults).toEqual([]);
  });
});

test('slots and executions agree, and every lease is reported once, under any commands', () => {
  const command = fc.oneof(
    { weight: 4, arbitrary: fc.constant('run' as const) },
    { weight: 3, arbitrary: fc.record({ settle: fc.nat(30) }) },
    { weight: 2, arbitrary: fc.record({ stop: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.constantFrom('crash' as const, 'beat' as const, 'miss' as const) },
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (script, slots) => {
      const bench = setupWorker({ slots });
      let leases = 0;
      for (const step of script) {
        if (step === 'run') {
          leases += 1;
          bench.run(leases);
        } else if (step === 'crash') bench.world.crashNext = 1;
        else if (step === 'beat') bench.beat();
        else if (step === 'miss') bench.miss();
        else if ('stop' in step) bench.stop(step.stop);
        else bench.world.executions.get(assignmentId(step.settle))?.settle(success);
        const running = bench.slots().filter((lease) => lease !== null);
        expect([...bench.world.executions.keys()].sort()).toEqual([...running].sort());
        expect(running.length).toBeLessThanOrEqual(slots);
        expect(running.length + bench.settled().length).toBe(leases);
      }
      const reported = bench.settled().map(({ assignmentId: id }) => id);
      expect(new Set(reported).size).toBe(reported.length);
      expect(bench.faults).toEqual([]);
    }),
  );
});
