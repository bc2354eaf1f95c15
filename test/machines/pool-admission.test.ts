import { describe, expect, test } from 'vitest';
import { limits } from '../../src/machines/limits.ts';
import { makeSpec, makeTicket, success, taskIdOf } from '../support/pool-samples.ts';
import { PoolBench, setupPool } from '../support/setup-pool.ts';

/** Ends what runs, and goes on, until nothing is left; answers the order in which tasks were begun. */
function workOff(bench: PoolBench): readonly number[] {
  bench.turn();
  for (let running = [...bench.world.executions.keys()]; running.length > 0; ) {
    for (const lease of running) bench.world.settle(lease, success);
    bench.turn();
    running = [...bench.world.executions.keys()];
  }
  return bench.factsOfType('task.assigned').map(({ taskId }) => Number(taskId.slice(-6)));
}

describe('the window of a pool', () => {
  test('lets so many live that it holds, and leaves the rest to its rows', () => {
    const bench = setupPool({ admissionWindow: 40 });
    bench.pool.send({ type: 'pool.pause' });
    bench.admit(...Array.from({ length: 10 }, (_, at) => makeTicket(at + 1)));
    expect([bench.board.liveCount, bench.board.dormantCount]).toEqual([4, 6]);
    bench.admit(makeTicket(11, { priority: 9 }));
    expect(bench.board.get(taskIdOf(11))).toBeDefined();
  });

  test('is filled again from the rows, in order, and nobody is left behind', () => {
    const bench = setupPool({ admissionWindow: 40 });
    bench.admit(...Array.from({ length: 100 }, (_, at) => makeTicket(at + 1)));
    expect(workOff(bench)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    expect([bench.board.liveCount, bench.board.dormantCount]).toEqual([0, 0]);
    bench.admit(makeTicket(101));
    expect(bench.board.liveCount).toBe(1);
  });

  test('takes in urgent rows while others wait behind a full one', () => {
    const bench = setupPool({ admissionWindow: 40 });
    bench.admit(...[1, 2, 3, 4, 5, 6].map((seq) => makeTicket(seq, { priority: 2 })));
    bench.admit(...[7, 8, 9, 10, 11, 12].map((seq) => makeTicket(seq, { priority: 9 })));
    expect(bench.board.dormantCount).toBe(4);
    expect(workOff(bench)).toEqual([7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]);
  });

  test('leaves rows for later to their time, but for the near ones', async () => {
    const bench = setupPool();
    bench.admit(makeTicket(1, { delayMs: 60_001 }), makeTicket(2, { delayMs: 60_000 }));
    expect(bench.board.dormantCount).toBe(0); // It does not wait for a worker yet.
    bench.turn();
    expect(bench.board.get(taskIdOf(1))).toBeUndefined();
    expect(bench.board.dormantCount).toBe(0);
    expect(bench.storyOf(2)).toEqual([]);
    await bench.advance(59_999);
    expect(bench.storyOf(2)).toEqual([]);
    await bench.advance(1);
    expect(bench.storyOf(2)).toEqual(['assigned']);
  });

  test('takes in rows whose time has come', () => {
    const bench = setupPool();
    bench.rows.set(taskIdOf(7), makeTicket(7));
    bench.pool.send({
      type: 'pool.due',
      waiting: [{ priority: 5, taskType: 'general', count: 1, firstSeq: 7 }],
    });
    expect(workOff(bench)).toEqual([7]);
  });

  test('does not take in a row twice that lives already', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2));
    bench.pool.send({
      type: 'pool.due',
      waiting: [{ priority: 5, taskType: 'general', count: 2, firstSeq: 1 }],
    });
    expect(workOff(bench)).toEqual([1, 2]);
    expect(bench.board.liveCount).toBe(0);
  });

  test('keeps no row waiting for ever after waiting tasks were cancelled twice', () => {
    const bench = setupPool({ admissionWindow: 20 });
    bench.pool.send({ type: 'pool.pause' });
    const [first, second, third] = [1, 2, 3].map((seq) => makeTicket(seq));
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('there are three');
    bench.admit(first, second, third);
    expect(bench.board.dormantCount).toBe(1);
    bench.cancel(first);
    bench.cancel(first); // Its row still says that it waits: nothing is committed yet.
    bench.pool.send({ type: 'pool.resume' });
    expect(workOff(bench)).toEqual([2, 3]);
  });
});

describe('a pool that starts', () => {
  test('hands out nothing before it is open, and takes in what comes', () => {
    const bench = new PoolBench({});
    bench.world.beat(bench.specs[0]?.workerId as never);
    bench.admit(makeTicket(1));
    bench.turn();
    expect([bench.state, bench.storyOf(1)]).toEqual(['starting', []]);
    bench.pool.send({ type: 'pool.open', recovered: 0, waiting: [] });
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned']);
  });

  test('says what it recovered and what waits, and goes on with that', () => {
    const bench = new PoolBench({ admissionWindow: 20 });
    bench.world.beat(bench.specs[0]?.workerId as never);
    for (let seq = 1; seq <= 9; seq += 1) bench.rows.set(taskIdOf(seq), makeTicket(seq, { leases: 3 }));
    const waiting = [{ priority: 5, taskType: 'general', count: 9, firstSeq: 1 }];
    bench.pool.send({ type: 'pool.open', recovered: 2, waiting });
    expect(bench.factsOfType('pool.started')).toEqual([{ type: 'pool.started', recovered: 2, waiting: 9 }]);
    expect(workOff(bench)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(bench.factsOfType('task.assigned').every(({ lease }) => lease === 4)).toBe(true);
  });

  test('is opened once', () => {
    const bench = setupPool();
    bench.pool.send({ type: 'pool.open', recovered: 0, waiting: [] });
    expect(bench.factsOfType('pool.started')).toEqual([]);
  });

  test('can be told to stop before it was open', () => {
    const bench = new PoolBench({});
    bench.pool.send({ type: 'pool.drain' });
    expect(bench.state).toBe('stopped');
    expect(bench.facts).toEqual([{ type: 'pool.stopped' }]);
  });

  test('gives out fencing tokens above all that were ever given out', () => {
    const bench = setupPool({ workers: 2, nextAssignment: 501 });
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    expect([bench.leaseOf(1), bench.leaseOf(2)]).toEqual([501, 502]);
  });
});

describe('what is handed out at once', () => {
  test('is bounded for each turn, and goes on in the next', () => {
    const slots = limits.dispatchPerTurn + 10;
    const bench = setupPool({ workers: [makeSpec('big', { slots })] });
    bench.admit(...Array.from({ length: slots }, (_, at) => makeTicket(at + 1)));
    bench.handOut();
    expect(bench.roster.leaseCount).toBe(limits.dispatchPerTurn);
    expect(bench.isTurnWanted).toBe(true);
    bench.turn();
    expect(bench.roster.leaseCount).toBe(slots);
  });

  test('never exceeds the limit of leases over all workers', () => {
    const bench = setupPool({ workers: 5, policy: { leasesMax: 3 } });
    bench.admit(...[1, 2, 3, 4, 5].map((seq) => makeTicket(seq)));
    bench.turn();
    expect(bench.roster.leaseCount).toBe(3);
    bench.world.settle(bench.leaseOf(1), success);
    bench.turn();
    expect(bench.roster.leaseCount).toBe(3);
    expect(bench.storyOf(4)).toEqual(['assigned']);
    expect(bench.storyOf(5)).toEqual([]);
  });
});
