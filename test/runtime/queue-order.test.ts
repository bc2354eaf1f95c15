import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadyEntry, ReadyIndex } from '../../src/machines/ready-index.ts';
import { type Crowd, QueueOrder, type WaitingTask } from '../../src/runtime/queue-order.ts';

const entry = fc
  .record({
    priority: fc.integer({ min: 1, max: 10 }),
    sinceMs: fc.integer({ min: 0, max: 50 }),
    routeClass: fc.constantFrom('a', 'b'),
  })
  .map((parts) => ({ ...parts, seq: 0, bypasses: 0, waiting: false }));

/** In the order in which they come: who comes later waits for less long. */
const entries = fc
  .array(entry, { minLength: 1, maxLength: 40 })
  .map((drawn) => drawn.sort((a, b) => a.sinceMs - b.sinceMs).map((each, seq) => ({ ...each, seq })));

const task = (parts: Partial<WaitingTask>): WaitingTask => ({
  priority: 5,
  sinceMs: 500,
  seq: 500,
  taskType: 'general',
  ...parts,
});

const crowd = (parts: Partial<Crowd<string>> = {}): Crowd<string> => ({
  priority: 5,
  taskType: 'general',
  count: 100,
  afterSeq: 0,
  upToSeq: 1_000,
  fromMs: 0,
  toMs: 1_000,
  group: 'a',
  ...parts,
});

describe('who comes before a task', () => {
  test('is who the pool would take before it, also among those that wait for longer', () => {
    fc.assert(
      fc.property(entries, fc.constantFrom(0, 1, 7, 1_000), (drawn, agingMs) => {
        const ready = new ReadyIndex<ReadyEntry>(agingMs);
        for (const each of drawn) ready.add(each);
        const inOrder = ready.inOrder();
        const order = new QueueOrder<string>(agingMs);
        for (const each of inOrder) order.add(each, each.routeClass);
        for (const [place, each] of inOrder.entries()) {
          const mates = inOrder.slice(0, place).filter(({ routeClass }) => routeClass === each.routeClass);
          const asked = { ...each, taskType: 'general' };
          expect(order.ahead(asked, each.routeClass)).toEqual({ inAll: place, inGroup: mates.length });
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is the part of a crowd of its own kind that was accepted before it', () => {
    const order = new QueueOrder<string>(0);
    order.addCrowd(crowd({ count: 1_000 }));
    expect(order.ahead(task({ seq: 1 }), 'a')).toEqual({ inAll: 0, inGroup: 0 });
    expect(order.ahead(task({ seq: 700 }), 'a')).toEqual({ inAll: 699, inGroup: 699 });
    expect(order.ahead(task({ seq: 1_000 }), 'a')).toEqual({ inAll: 999, inGroup: 999 });
    expect(order.ahead(task({ seq: 1_001 }), 'b')).toEqual({ inAll: 1_000, inGroup: 0 });
  });

  test('is all of a crowd of a higher priority, and none of a lower one, while nothing ages', () => {
    const order = new QueueOrder<string>(0);
    order.addCrowd(crowd({ priority: 9 }));
    order.addCrowd(crowd({ priority: 2, count: 33 }));
    expect(order.ahead(task({ seq: 1 }), 'a').inAll).toBe(100);
  });

  test('is the part of a crowd of another priority that is as old as that makes up for', () => {
    const order = new QueueOrder<string>(100);
    order.addCrowd(crowd({ priority: 7 }));
    expect(order.ahead(task({ sinceMs: 300 }), 'a').inAll).toBe(50);
    expect(order.ahead(task({ priority: 9, sinceMs: 300 }), 'a').inAll).toBe(10);
    expect(order.ahead(task({ priority: 9, sinceMs: 100 }), 'a').inAll).toBe(0);
  });

  test('grows with a crowd', () => {
    const order = new QueueOrder<string>(0);
    const growing = crowd({ count: 1, afterSeq: 10, upToSeq: 11 });
    order.addCrowd(growing);
    growing.count = 5;
    growing.upToSeq = 15;
    expect(order.ahead(task({ seq: 15 }), 'a').inAll).toBe(4);
  });
});

test('the tasks of crowds are imagined one by one in the order of all of them', () => {
  const order = new QueueOrder<string>(0);
  order.addCrowd(crowd({ count: 2, priority: 3, group: 'low' }));
  order.addCrowd(crowd({ count: 2, group: undefined }));
  order.addCrowd(crowd({ count: 1, group: 'b', afterSeq: 0, upToSeq: 750, toMs: 750 }));
  const imagined = [...order.imagined()].map(({ group, turn }) => [group, turn.sinceMs, turn.seq]);
  expect(imagined).toEqual([
    [undefined, 500, 500],
    ['b', 750, 750],
    [undefined, 1_000, 1_000],
    ['low', 500, 500],
    ['low', 1_000, 1_000],
  ]);
});
