import { describe, expect, test } from 'vitest';
import { makeTicket, success, taskIdOf, transient } from '../support/pool-samples.ts';
import { setupPool } from '../support/setup-pool.ts';

describe('another priority', () => {
  test('of a waiting task: it is handed out in its new place, once', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2), makeTicket(3));
    bench.reprioritize(makeTicket(3), 9);
    bench.reprioritize(makeTicket(1), 2);
    expect(bench.factsOf(3)).toEqual([
      { type: 'task.reprioritized', taskId: taskIdOf(3), from: 'queued', priority: 9 },
    ]);
    const order: number[] = [];
    for (const _ of [1, 2, 3]) {
      bench.turn();
      const [seq] = [1, 2, 3].filter((each) => bench.board.get(taskIdOf(each))?.lease != null);
      order.push(seq ?? 0);
      bench.world.settle(bench.leaseOf(seq ?? 0), success);
    }
    bench.turn();
    expect(order).toEqual([3, 2, 1]);
    expect([bench.board.liveCount, bench.board.ready.size]).toEqual([0, 0]);
  });

  test('and back again leaves it in the queue once', () => {
    const bench = setupPool({ isSilent: true });
    bench.admit(makeTicket(1), makeTicket(2));
    for (const priority of [9, 5, 9, 5]) bench.reprioritize(makeTicket(1), priority);
    expect(bench.storyOf(1)).toEqual(Array(4).fill('reprioritized'));
    expect(bench.board.ready.inOrder().map(({ seq }) => seq)).toEqual([1, 2]);
    expect(bench.board.ready.size).toBe(2);
  });

  test('that it has already is no news', () => {
    const bench = setupPool({ isSilent: true });
    bench.admit(makeTicket(1));
    bench.reprioritize(makeTicket(1), 5);
    expect(bench.factsOf(1)).toEqual([]);
  });

  test('of a running task: it goes on, and its next attempt waits in the new place', async () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    bench.reprioritize(makeTicket(1), 8, 'held');
    expect(bench.factsOf(1).at(-1)).toMatchObject({ from: 'running', priority: 8 });
    expect(bench.board.get(taskIdOf(1))?.lease).not.toBeNull();
    bench.admit(makeTicket(2, { priority: 7 }));
    bench.world.settle(bench.leaseOf(1), transient);
    bench.turn();
    bench.admit(makeTicket(3, { priority: 7 }));
    await bench.advance(600_000);
    bench.world.settle(bench.leaseOf(2), success);
    bench.turn();
    expect(bench.board.get(taskIdOf(1))?.lease).not.toBeNull();
  });

  test('of a row behind the window: it gets its actor, and those beside it go on', () => {
    const bench = setupPool({ admissionWindow: 20 });
    bench.admit(...[1, 2, 3, 4, 5].map((seq) => makeTicket(seq)));
    expect(bench.board.get(taskIdOf(5))).toBeUndefined();
    bench.reprioritize(makeTicket(5), 9);
    bench.turn();
    expect(bench.board.get(taskIdOf(5))?.lease).not.toBeNull();
    while (bench.world.executions.size > 0) {
      for (const lease of [...bench.world.executions.keys()]) bench.world.settle(lease, success);
      bench.turn();
    }
    expect([1, 2, 3, 4, 5].map((seq) => bench.storyOf(seq).at(-1))).toEqual(Array(5).fill('completed'));
    expect([bench.board.liveCount, bench.board.dormantCount]).toEqual([0, 0]);
  });

  test('of a task for a later time: it waits for that time, and then in the new place', async () => {
    const bench = setupPool();
    bench.admit(makeTicket(1, { delayMs: 5_000 }));
    bench.reprioritize(makeTicket(1, { delayMs: 5_000 }), 9);
    expect(bench.factsOf(1)).toMatchObject([{ from: 'scheduled', priority: 9 }]);
    expect(bench.board.ready.size).toBe(0);
    await bench.advance(5_000);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['reprioritized', 'assigned']);
  });

  test('of a task whose ending is on its way to the disk changes nothing', () => {
    const bench = setupPool();
    bench.reprioritize(makeTicket(1), 9, 'held');
    expect(bench.factsOf(1)).toEqual([]);
    expect(bench.board.liveCount).toBe(0);
  });
});
