import { describe, expect, test } from 'vitest';
import { makeTicket, success, taskIdOf, transient } from '../support/pool-samples.ts';
import { setupPool } from '../support/setup-pool.ts';

describe('a cancel', () => {
  test('of a waiting task: it is never handed out', () => {
    const bench = setupPool({ isSilent: true });
    bench.admit(makeTicket(1));
    bench.cancel(makeTicket(1));
    expect(bench.factsOf(1)).toMatchObject([{ type: 'task.cancelled', from: 'queued', assignmentId: null }]);
    bench.world.beat(bench.specs[0]?.workerId as never);
    bench.turn();
    expect(bench.world.begun).toEqual([]);
    expect([bench.board.liveCount, bench.board.ready.size]).toEqual([0, 0]);
  });

  test('of a scheduled task: its time comes, and nothing happens', async () => {
    const bench = setupPool();
    bench.admit(makeTicket(1, { delayMs: 5_000 }));
    bench.cancel(makeTicket(1, { delayMs: 5_000 }));
    expect(bench.pendingTimers()).toBe(0);
    await bench.advance(60_000);
    expect(bench.factsOf(1)).toMatchObject([{ type: 'task.cancelled', from: 'scheduled' }]);
  });

  test('of a row far in the future: no timer is left', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1, { delayMs: 10 ** 9 }));
    bench.cancel(makeTicket(1, { delayMs: 10 ** 9 }));
    expect(bench.factsOf(1)).toMatchObject([{ type: 'task.cancelled', from: 'scheduled' }]);
    expect([bench.pendingTimers(), bench.board.liveCount]).toEqual([0, 0]);
  });

  test('of a row behind the window: it gets its actor for this, and those beside it go on', () => {
    const bench = setupPool({ admissionWindow: 20 });
    bench.admit(...[1, 2, 3, 4, 5].map((seq) => makeTicket(seq)));
    expect(bench.board.get(taskIdOf(4))).toBeUndefined();
    bench.cancel(makeTicket(4));
    expect(bench.storyOf(4)).toEqual(['cancelled']);
    bench.turn();
    while (bench.world.executions.size > 0) {
      for (const lease of [...bench.world.executions.keys()]) bench.world.settle(lease, success);
      bench.turn();
    }
    expect([1, 2, 3, 5].map((seq) => bench.storyOf(seq).at(-1))).toEqual(Array(4).fill('completed'));
    expect(bench.storyOf(4)).toEqual(['cancelled']);
  });

  test('of a row behind the window: one less waits there', () => {
    const bench = setupPool({ admissionWindow: 10 });
    bench.admit(...[1, 2, 3, 4].map((seq) => makeTicket(seq)));
    bench.cancel(makeTicket(3));
    expect([bench.board.dormantCount, bench.board.liveCount]).toEqual([2, 1]);
  });

  test('of a row for a later time: as many wait behind the window as before', () => {
    const bench = setupPool({ admissionWindow: 10 });
    const later = makeTicket(5, { delayMs: 10 ** 9 });
    bench.admit(...[1, 2, 3, 4].map((seq) => makeTicket(seq)), later);
    bench.cancel(later);
    expect([bench.board.dormantCount, bench.board.liveCount]).toEqual([3, 1]);
  });

  test('between the lease and its commit: nothing begins, and the slot is free', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2));
    bench.handOut();
    bench.cancel(makeTicket(1));
    bench.commit();
    expect(bench.storyOf(1)).toEqual(['assigned', 'cancelled']);
    expect(bench.world.begun).toEqual([]);
    bench.turn();
    expect(bench.storyOf(2)).toEqual(['assigned']);
    expect(bench.roster.leaseCount).toBe(1);
  });

  test('of a running task: the generation stops once that is on disk, and its slot is given again', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    const lease = bench.leaseOf(1);
    bench.cancel(makeTicket(1), 'held');
    expect(bench.world.stopped).toEqual([]);
    bench.commit();
    expect(bench.world.stopped).toEqual([lease]);
    bench.turn();
    expect(bench.storyOf(2)).toEqual(['assigned']);
  });

  test('of a task that backs off: it does not come back', async () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    bench.world.settle(bench.leaseOf(1), transient);
    bench.cancel(makeTicket(1));
    await bench.advance(60_000);
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried', 'cancelled']);
    expect(bench.pendingTimers()).toBe(0);
  });

  test('of a task whose ending is on its way to the disk changes nothing', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    bench.world.settle(bench.leaseOf(1), success);
    bench.cancel(makeTicket(1), 'held'); // Its row is still in the hands of the worker.
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
    expect(bench.board.liveCount).toBe(0);
  });

  test('leaves the slots of all workers as they were', () => {
    const bench = setupPool({ workers: 3 });
    bench.admit(...[1, 2, 3, 4, 5].map((seq) => makeTicket(seq)));
    bench.turn();
    for (const seq of [1, 2, 3, 4, 5]) bench.cancel(makeTicket(seq), seq > 3 ? 'waiting' : 'held');
    bench.commit();
    expect(bench.roster.leaseCount).toBe(0);
    expect(bench.roster.room).toBe(3);
  });
});

describe('a task that was never written', () => {
  test('is forgotten: no actor, no lease, no place in the queue', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2));
    bench.handOut();
    bench.pool.send({
      type: 'pool.forget',
      tasks: [1, 2].map((seq) => ({ taskId: taskIdOf(seq), waitedAt: { priority: 5, taskType: 'general' } })),
    });
    expect([bench.board.liveCount, bench.board.ready.size, bench.roster.leaseCount]).toEqual([0, 0, 0]);
    bench.admit(makeTicket(3));
    bench.turn();
    expect(bench.storyOf(3)).toEqual(['assigned']);
    expect(bench.faults).toEqual([]);
  });

  test('leaves no timer when it waited for one', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1, { delayMs: 5_000 }));
    expect(bench.pendingTimers()).toBe(1);
    bench.pool.send({ type: 'pool.forget', tasks: [{ taskId: taskIdOf(1), waitedAt: null }] });
    expect([bench.pendingTimers(), bench.board.liveCount]).toEqual([0, 0]);
  });

  test('was perhaps only a row behind the window', () => {
    const bench = setupPool({ admissionWindow: 10 });
    bench.admit(makeTicket(1), makeTicket(2), makeTicket(3));
    expect(bench.board.dormantCount).toBe(2);
    bench.rows.delete(taskIdOf(3));
    bench.pool.send({
      type: 'pool.forget',
      tasks: [{ taskId: taskIdOf(3), waitedAt: { priority: 5, taskType: 'general' } }],
    });
    expect(bench.board.dormantCount).toBe(1);
  });

  test('that runs all the same is stopped, so that its slot is really free', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    bench.pool.send({ type: 'pool.forget', tasks: [{ taskId: taskIdOf(1), waitedAt: null }] });
    bench.admit(makeTicket(3));
    bench.turn();
    expect(bench.storyOf(2)).toEqual(['assigned']);
    expect([...bench.world.executions.keys()]).toEqual([bench.leaseOf(2)]);
  });

  test('may be unknown', () => {
    const bench = setupPool();
    bench.pool.send({ type: 'pool.forget', tasks: [{ taskId: taskIdOf(9), waitedAt: null }] });
    expect(bench.facts).toEqual([]);
  });
});
