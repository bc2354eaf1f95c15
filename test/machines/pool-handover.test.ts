import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { makeSpec, makeTicket, taskIdOf } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const two = [makeSpec('a'), makeSpec('b')];

function stateOf(bench: PoolBench, seq: number) {
  return bench.board.get(taskIdOf(seq))?.ref.getSnapshot().value;
}

/** Silent for so long that it is lost; no turn and no commit in between. */
function lose(bench: PoolBench, name: string): void {
  for (let misses = 0; misses < 3; misses += 1) bench.world.miss(workerId(name));
}

describe('a lease that is on disk', () => {
  test('has its task run, which it did not before', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.handOut();
    expect(stateOf(bench, 1)).toEqual({ leased: 'assigned' });
    bench.commit();
    expect(stateOf(bench, 1)).toEqual({ leased: 'running' });
  });

  test('begins nothing for a worker that is gone by then: its task is with another', () => {
    const bench = setupPool({ workers: two });
    bench.admit(makeTicket(1));
    bench.handOut();
    expect(bench.holderOf(1)).toBe('a');
    bench.reconfigure(two.slice(1));
    lose(bench, 'a');
    bench.handOut();
    expect(bench.factsOfType('worker.retired')).toHaveLength(1);
    bench.commit();
    expect(bench.world.begun).toEqual([2]);
    expect([bench.holderOf(1), bench.roster.leaseCount]).toEqual(['b', 1]);
  });

  test('begins nothing under the name of a worker that was never there', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.handOut();
    const { model } = bench.board.get(taskIdOf(1))?.lease ?? { model: '' };
    const forged = {
      taskId: taskIdOf(1),
      assignmentId: bench.leaseOf(1),
      workerId: workerId('nobody'),
      model,
    };
    bench.pool.send({ type: 'pool.committed', leased: [forged], cancelled: [] });
    expect([bench.world.begun, stateOf(bench, 1)]).toEqual([[], { leased: 'assigned' }]);
    bench.commit();
    expect([bench.world.begun, stateOf(bench, 1)]).toEqual([[1], { leased: 'running' }]);
  });
});

describe('a slot that is still taken by a cancelled task, whose row came back', () => {
  /** Its cancel never came to the disk, so `a` still runs it, and its row is read again. */
  function setupTwice(): PoolBench {
    const bench = setupPool({ workers: two });
    bench.admit(makeTicket(1));
    bench.turn();
    bench.cancel(makeTicket(1), 'held');
    bench.facts.pop();
    bench.admit(makeTicket(1, { leases: 1 }));
    return bench;
  }

  test('takes nothing from the task when its worker is lost: another has it', () => {
    const bench = setupTwice();
    bench.turn();
    expect(bench.holderOf(1)).toBe('b');
    lose(bench, 'a');
    bench.turn();
    expect([bench.holderOf(1), bench.leaseOf(1)]).toEqual(['b', 2]);
    expect(bench.storyOf(1)).toEqual(['assigned', 'assigned']);
    expect(bench.roster.leaseCount).toBe(1);
  });

  test('is free when its worker is lost while the task still waits', () => {
    const bench = setupTwice();
    lose(bench, 'a');
    expect([bench.roster.leaseCount, bench.board.ready.size]).toEqual([0, 1]);
    bench.turn();
    expect(bench.holderOf(1)).toBe('b');
  });
});
