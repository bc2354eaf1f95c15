import { describe, expect, test } from 'vitest';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { setupPool } from '../support/setup-pool.ts';

const two = [makeSpec('a'), makeSpec('b')];

describe('a worker that is drained', () => {
  test('ends what it runs, is given nothing more, and says when it is idle', () => {
    const bench = setupPool({ workers: two });
    bench.admit(makeTicket(1), makeTicket(2), makeTicket(3));
    bench.turn();
    bench.order('a', 'drain', 'the driver is to be updated');
    expect(bench.factsOfType('worker.readmitted')).toEqual([
      {
        type: 'worker.readmitted',
        workerId: 'a',
        from: 'active',
        to: 'draining',
        detail: 'the driver is to be updated',
      },
    ]);
    bench.settle(1, success);
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
    expect(bench.storyOf(3)).toEqual([]);
    expect(bench.admissionsOf('a')).toEqual(['draining', 'drained']);
    bench.settle(2, success);
    expect(bench.holderOf(3)).toBe('b');
  });

  test('loses its task when it is lost before that, and is drained', () => {
    const bench = setupPool({ workers: two });
    bench.admit(makeTicket(1));
    bench.turn();
    bench.order('a', 'drain');
    bench.miss('a', 3);
    expect(bench.admissionsOf('a')).toEqual(['draining', 'drained']);
    expect(bench.holderOf(1)).toBe('b');
  });

  test('takes work again when it is resumed, before it was idle or after', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2), makeTicket(3));
    bench.turn();
    bench.order('local_001', 'drain');
    bench.order('local_001', 'resume');
    bench.settle(1, success);
    expect(bench.storyOf(2)).toEqual(['assigned']);
    bench.order('local_001', 'drain');
    bench.settle(2, success);
    bench.order('local_001', 'resume');
    expect(bench.storyOf(3)).toEqual(['assigned']);
    expect(bench.admissionsOf('local_001')).toEqual(['draining', 'active', 'draining', 'drained', 'active']);
  });

  test('was so in a former process, and is given nothing in this one', () => {
    const bench = setupPool({ workers: two, admissions: { a: 'drained' } });
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    expect([bench.holderOf(1), bench.storyOf(2), bench.admissionsOf('a')]).toEqual(['b', [], []]);
  });
});

describe('a worker that rests', () => {
  test('is given nothing while others have room, and what it runs ends', () => {
    const bench = setupPool({ workers: two });
    bench.admit(makeTicket(1));
    bench.turn();
    bench.order('a', 'rest');
    bench.settle(1, success);
    bench.admit(makeTicket(2));
    bench.turn();
    expect(bench.holderOf(2)).toBe('b');
    expect(bench.admissionsOf('a')).toEqual(['standby']);
  });

  test('comes last of those with room when the load has called it back', () => {
    const bench = setupPool({ workers: two });
    bench.order('a', 'rest');
    bench.order('a', 'activate');
    bench.admit(makeTicket(1));
    bench.turn();
    expect(bench.holderOf(1)).toBe('b');
  });

  test('comes in its turn when an operator has called it back', () => {
    const bench = setupPool({ workers: two });
    bench.order('a', 'rest');
    bench.order('a', 'resume');
    bench.admit(makeTicket(1));
    bench.turn();
    expect(bench.holderOf(1)).toBe('a');
  });
});

test('a worker that was told to take work, which it did, is in reserve no more than before', () => {
  const bench = setupPool({ workers: two });
  bench.order('a', 'activate');
  bench.admit(makeTicket(1));
  bench.turn();
  expect(bench.holderOf(1)).toBe('a');
});

test('an order for nobody, or one that changes nothing, is on no record', () => {
  const bench = setupPool();
  bench.order('nobody', 'drain');
  bench.order('local_001', 'resume');
  bench.order('local_001', 'activate');
  expect(bench.facts).toEqual([]);
});
