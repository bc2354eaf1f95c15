import { describe, expect, test } from 'vitest';
import type { RoutingPolicy } from '../../src/machines/routing-policy.ts';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { type PoolOptions, setupPool } from '../support/setup-pool.ts';

const reserve = (name: string, slots = 1) => makeSpec(name, { standby: true, slots });

/** `r` is in reserve, and at work since before; nothing was decided yet. */
function setupAwake(workers: PoolOptions['workers'], policy: PoolOptions['policy']) {
  const options = { admissions: { r: 'active' }, policy: { workersMin: 0, ...policy } } as const;
  return setupPool({ ...options, workers: workers ?? 1 });
}

describe('a worker in reserve', () => {
  test('does not make up the least while it is lost; the next one does', () => {
    const bench = setupPool({
      workers: [makeSpec('a'), reserve('r'), reserve('s')],
      policy: { workersMin: 0 },
    });
    bench.miss('r', 3);
    bench.reconfigure(bench.specs, { workersMin: 2 });
    bench.turn();
    expect([bench.admissionsOf('r'), bench.admissionsOf('s')]).toEqual([[], ['active']]);
  });

  test('is activated with the share of busy slots on record where no worker takes work yet', () => {
    const bench = setupPool({ workers: [reserve('r')] });
    bench.turn();
    expect(bench.factsOfType('worker.readmitted')).toMatchObject([
      { workerId: 'r', to: 'active', detail: '0 % of the slots are busy' },
    ]);
  });

  test('rests below the given share of busy slots, and not at it', () => {
    const bench = setupAwake([makeSpec('a', { slots: 3 }), reserve('r')], { scaleDown: 0.25 });
    bench.admit(makeTicket(1));
    bench.turn();
    expect([bench.holderOf(1), bench.admissionsOf('r')]).toEqual(['a', []]);
    bench.settle(1, success);
    expect(bench.admissionsOf('r')).toEqual(['standby']);
  });

  test('does not rest where the others would be as busy as they may be', () => {
    const shares = { scaleUp: 0.5, scaleDown: 0.4 };
    const bench = setupAwake([makeSpec('a', { slots: 2 }), reserve('r', 2)], shares);
    bench.admit(makeTicket(1));
    bench.turn();
    expect([bench.holderOf(1), bench.admissionsOf('r')]).toEqual(['a', []]);
    bench.reconfigure(bench.specs, { scaleUp: 0.6 });
    bench.turn();
    expect(bench.admissionsOf('r')).toEqual(['standby']);
  });

  test('rests for want of work although it is the only one, where none has to work', () => {
    const bench = setupAwake([reserve('r')], { scaleDown: 0.3 });
    bench.turn();
    expect(bench.admissionsOf('r')).toEqual(['standby']);
  });
});

describe('more workers than may work', () => {
  test('lose the one in reserve, whatever its place', () => {
    const bench = setupAwake([reserve('r'), makeSpec('a')], { workersMax: 1 });
    bench.turn();
    expect([bench.admissionsOf('r'), bench.admissionsOf('a')]).toEqual([['standby'], []]);
  });

  test('go on where none of them is in reserve', () => {
    const bench = setupPool({ workers: 2, policy: { workersMax: 1 } });
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    expect(bench.factsOfType('worker.readmitted')).toEqual([]);
    expect([bench.storyOf(1), bench.storyOf(2)]).toEqual([['assigned'], ['assigned']]);
  });
});

describe('a task for remote workers, of which one is in reserve', () => {
  const remoteFirst: RoutingPolicy = {
    strategy: 'priority_based',
    rules: [
      {
        priorityMin: 1,
        priorityMax: 10,
        preferredWorkers: ['remote'],
        fallbackToLocal: true,
        loadBalancing: true,
        reason: 'remote first',
      },
    ],
    agingMs: 0,
    bypassesMax: 0,
  };
  const workers = [makeSpec('here'), makeSpec('far', { location: 'remote', standby: true })];

  test.each([
    ['goes to a local one, when as many work as may', 1, 'here'],
    ['wakes it, when one more may work', 2, 'far'],
  ])('%s', (_what, workersMax, holder) => {
    const bench = setupPool({ workers, policy: { routing: remoteFirst, workersMin: 0, workersMax } });
    bench.admit(makeTicket(1));
    bench.turn();
    expect(bench.holderOf(1)).toBe(holder);
  });
});
