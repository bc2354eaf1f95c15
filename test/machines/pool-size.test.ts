import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { type PoolBench, type PoolOptions, setupPool } from '../support/setup-pool.ts';

const reserve = (name: string, slots = 1) => makeSpec(name, { standby: true, slots });
/** Sizes by the load alone. */
const byLoad = { workersMin: 0, scaleUp: 0.8, scaleDown: 0.3 };

function setup(workers: PoolOptions['workers'], policy: PoolOptions['policy'] = {}): PoolBench {
  const bench = setupPool({ workers: workers ?? 1, policy: { workersMin: 0, ...policy } });
  bench.turn();
  return bench;
}

function admit(bench: PoolBench, ...seqs: readonly number[]): void {
  bench.admit(...seqs.map((seq) => makeTicket(seq)));
  bench.turn();
}

function openOf(bench: PoolBench): readonly string[] {
  return [...bench.roster.all()].filter(({ isOpen }) => isOpen).map(({ workerId }) => workerId);
}

function changes(bench: PoolBench): number {
  return bench.factsOfType('worker.readmitted').length;
}

describe('a worker in reserve', () => {
  test('rests while the others have room', () => {
    const bench = setup([makeSpec('a', { slots: 2 }), reserve('r')]);
    admit(bench, 1, 2);
    expect([changes(bench), bench.holderOf(2)]).toEqual([0, 'a']);
  });

  test('is activated when the others are full and something waits, with the reason on record', () => {
    const bench = setup([makeSpec('a'), reserve('r')]);
    admit(bench, 1, 2);
    expect([bench.holderOf(1), bench.holderOf(2)]).toEqual(['a', 'r']);
    expect(bench.factsOfType('worker.readmitted')).toEqual([
      {
        type: 'worker.readmitted',
        workerId: 'r',
        from: 'standby',
        to: 'active',
        detail: '100 % of the slots are busy',
      },
    ]);
  });

  test('is activated for what it alone takes, whatever else has room', () => {
    const bench = setup([makeSpec('a', { capabilities: ['general'] }), reserve('r')]);
    bench.admit(makeTicket(1, { taskType: 'translation' }));
    bench.turn();
    expect(bench.holderOf(1)).toBe('r');
  });

  test('is not activated for what it would not take either', () => {
    const bench = setup([
      makeSpec('a', { capabilities: ['general'] }),
      makeSpec('r', { standby: true, capabilities: ['x'] }),
    ]);
    bench.admit(makeTicket(1, { taskType: 'translation' }));
    bench.turn();
    expect(changes(bench)).toBe(0);
  });

  test('is not activated while the leases of all are limited', () => {
    const bench = setup([makeSpec('a'), reserve('r')], { leasesMax: 1 });
    admit(bench, 1, 2);
    expect(changes(bench)).toBe(0);
  });

  test('is not activated while it is not alive; the next one is', () => {
    const bench = setup([makeSpec('a'), reserve('r'), reserve('s')]);
    bench.miss('r');
    admit(bench, 1, 2);
    expect([bench.admissionsOf('r'), bench.admissionsOf('s')]).toEqual([[], ['active']]);
  });

  test('is activated when more than the given share of slots is busy, and not at it', () => {
    const bench = setup([makeSpec('a', { slots: 5 }), reserve('r')], { scaleUp: 0.8 });
    admit(bench, 1, 2, 3, 4);
    expect(changes(bench)).toBe(0);
    admit(bench, 5);
    expect(openOf(bench)).toEqual(['a', 'r']);
  });

  test('rests again when less than the given share of slots is busy, the last one first', () => {
    const bench = setup([makeSpec('a', { slots: 2 }), reserve('r'), reserve('s')], byLoad);
    admit(bench, 1, 2, 3, 4);
    expect(openOf(bench)).toEqual(['a', 'r', 's']);
    bench.settle(3, success);
    bench.settle(4, success);
    expect(openOf(bench)).toEqual(['a', 'r', 's']);
    bench.settle(2, success);
    expect(openOf(bench)).toEqual(['a', 'r']); // Of what is left a third is busy.
    expect(bench.factsOfType('worker.readmitted').at(-1)).toMatchObject({
      workerId: 's',
      to: 'standby',
      detail: '25 % of the slots are busy',
    });
    bench.settle(1, success);
    expect(openOf(bench)).toEqual(['a']);
  });

  test('does not rest while it runs something', () => {
    const bench = setup([makeSpec('a', { slots: 9 }), reserve('r')], byLoad);
    admit(bench, ...Array.from({ length: 10 }, (_, at) => at + 1));
    expect(openOf(bench)).toEqual(['a', 'r']);
    const onReserve = bench.factsOfType('task.assigned').find(({ workerId }) => workerId === 'r');
    const last = Number(onReserve?.taskId.slice(-6));
    for (let seq = 1; seq <= 10; seq += 1) if (seq !== last) bench.settle(seq, success);
    expect(openOf(bench)).toEqual(['a', 'r']);
    bench.settle(last, success);
    expect(openOf(bench)).toEqual(['a']);
  });
});

describe('the number of workers', () => {
  test('is brought to the least at once, one after the other', () => {
    const bench = setup([makeSpec('a'), reserve('r'), reserve('s'), reserve('t')], { workersMin: 3 });
    expect(openOf(bench)).toEqual(['a', 'r', 's']);
  });

  test('is brought back to the least when one is lost', () => {
    const bench = setup([makeSpec('a'), reserve('r'), reserve('s')], { workersMin: 2 });
    bench.miss('a', 3);
    expect(openOf(bench)).toEqual(['r', 's']);
  });

  test('does not fall below the least when nothing is to be done', () => {
    const bench = setup([makeSpec('a'), reserve('r'), reserve('s')], { ...byLoad, workersMin: 2 });
    admit(bench, 1, 2, 3);
    expect(openOf(bench)).toEqual(['a', 'r', 's']);
    for (const seq of [1, 2, 3]) bench.settle(seq, success);
    expect(openOf(bench)).toHaveLength(2);
  });

  test('never exceeds the most, whatever waits', () => {
    const bench = setup([makeSpec('a'), reserve('r'), reserve('s')], { workersMax: 2, scaleUp: 0.5 });
    admit(bench, 1, 2, 3, 4);
    expect(openOf(bench)).toEqual(['a', 'r']);
  });

  test('is brought back to the most when a lost one returns, and what it was given ends', () => {
    const bench = setup([makeSpec('a'), reserve('r'), reserve('s')], { workersMax: 2 });
    admit(bench, 1, 2, 3);
    bench.miss('r', 3);
    expect(openOf(bench)).toEqual(['a', 's']);
    bench.beat('r');
    expect(openOf(bench)).toEqual(['a', 'r']);
    expect([bench.holderOf(2), bench.admissionsOf('s')]).toEqual(['s', ['active', 'standby']]);
    bench.settle(2, success);
    expect(bench.storyOf(2).at(-1)).toBe('completed');
  });

  test('is brought to the most of a new configuration: idle ones rest first, and no task is taken away', () => {
    const bench = setup([makeSpec('a'), reserve('r'), reserve('s')]);
    admit(bench, 1, 2, 3);
    bench.settle(2, success);
    bench.reconfigure(bench.specs, { workersMax: 1 });
    bench.turn();
    expect(openOf(bench)).toEqual(['a']);
    expect(bench.factsOfType('worker.readmitted').slice(-2)).toMatchObject([
      { workerId: 'r', to: 'standby', detail: '3 workers take work, and 1 is the most' },
      { workerId: 's', to: 'standby', detail: '2 workers take work, and 1 is the most' },
    ]);
    bench.settle(3, success);
    expect(bench.storyOf(3)).toEqual(['assigned', 'completed']);
  });

  test('is left alone while the pool is paused', () => {
    const bench = setup([makeSpec('a'), reserve('r')]);
    bench.pool.send({ type: 'pool.pause' });
    admit(bench, 1, 2);
    expect(changes(bench)).toBe(0);
  });
});

describe('a steady load', () => {
  test('on few slots beside a large reserve does not wake and rest it for ever', () => {
    const bench = setup([makeSpec('a'), reserve('r', 4)], byLoad);
    admit(bench, 1);
    expect(changes(bench)).toBeLessThanOrEqual(1);
  });

  test('leads to a bounded number of changes, whatever the sizes are', () => {
    const slots = fc.integer({ min: 1, max: 6 });
    const sizes = fc.record({
      fixed: fc.array(slots, { minLength: 1, maxLength: 3 }),
      reserves: fc.array(slots, { minLength: 1, maxLength: 4 }),
      load: fc.integer({ min: 0, max: 20 }),
      up: fc.integer({ min: 1, max: 10 }),
      down: fc.integer({ min: 0, max: 10 }),
      workersMin: fc.nat(3),
      workersMax: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(sizes, ({ fixed, reserves, load, up, down, workersMin, workersMax }) => {
        const policy = { scaleUp: up / 10, scaleDown: Math.min(up, down) / 10, workersMin, workersMax };
        const workers = [
          ...fixed.map((count, at) => makeSpec(`a${at}`, { slots: count })),
          ...reserves.map((count, at) => reserve(`r${at}`, count)),
        ];
        const bench = setup(workers, policy);
        let next = 1;
        for (; next <= load; next += 1) bench.admit(makeTicket(next));
        bench.turn();
        const before = changes(bench);
        expect(before).toBeLessThanOrEqual(2 * reserves.length);
        for (let round = 0; round < 20 && load > 0; round += 1) {
          bench.admit(makeTicket(next));
          next += 1;
          const [running] = [...bench.world.executions.values()];
          running?.settle(success);
          bench.turn();
        }
        expect(changes(bench) - before).toBeLessThanOrEqual(reserves.length);
      }),
    );
  });
});

describe('what an operator said of a worker outranks the configuration', () => {
  test('one in reserve that was resumed does not rest for want of work', () => {
    const bench = setup([makeSpec('a'), reserve('r')], byLoad);
    bench.order('r', 'resume');
    admit(bench, 1);
    bench.settle(1, success);
    expect(bench.admissionsOf('r')).toEqual(['active']);
  });

  test('one that was told to rest comes back when it is needed, and rests again', () => {
    const bench = setup([makeSpec('a'), makeSpec('b')], byLoad);
    bench.order('b', 'rest');
    admit(bench, 1, 2);
    bench.settle(1, success);
    bench.settle(2, success);
    expect(bench.admissionsOf('b')).toEqual(['standby', 'active', 'standby']);
  });

  test('one that was drained stays so when a reload changes whether it is in reserve', () => {
    const bench = setup([makeSpec('a'), makeSpec('b')], byLoad);
    bench.order('b', 'drain');
    bench.reconfigure([makeSpec('a'), reserve('b')]);
    admit(bench, 1, 2);
    bench.reconfigure(bench.specs);
    bench.turn();
    expect([bench.admissionsOf('b'), bench.storyOf(2)]).toEqual([['draining', 'drained'], []]);
  });

  test('through a reload that does not change whether it is in reserve', () => {
    const bench = setup([makeSpec('a'), reserve('r')], byLoad);
    bench.order('a', 'rest');
    bench.order('r', 'resume');
    bench.reconfigure([makeSpec('a', { slots: 2 }), makeSpec('r', { standby: true, slots: 2 })]);
    bench.turn();
    expect([bench.entryOf('a').admission, bench.entryOf('r').admission]).toEqual(['standby', 'active']);
    bench.reconfigure([makeSpec('a', { slots: 2 }), makeSpec('r', { slots: 2 })]);
    bench.reconfigure([makeSpec('a', { slots: 2 }), makeSpec('r', { standby: true, slots: 2 })]);
    bench.turn();
    expect(bench.entryOf('r').admission).toBe('standby');
  });
});
