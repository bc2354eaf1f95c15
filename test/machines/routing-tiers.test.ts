import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Demand, WorkerView } from '../../src/machines/placement.ts';
import { type RoutingInput, route, tiersOf } from '../../src/machines/routing.ts';
import {
  anyWorker,
  byRule,
  makeDemand,
  makeEndpoint,
  makeHost,
  makeView,
  usualModel,
} from '../support/placement-samples.ts';

/** The names of the workers, tier by tier. */
function tiers(views: readonly WorkerView[], input: RoutingInput = anyWorker, demand: Partial<Demand> = {}) {
  return tiersOf(makeDemand(demand), views, input).map((tier) =>
    tier.map(({ workerId }) => workerId as string),
  );
}

const full = { used: 2 };
const lost = { liveness: 'lost' } as const;
const has = (...models: string[]) => ({ endpoint: makeEndpoint({ models }) });

describe('the workers that may ever take a task', () => {
  test('are the same whatever is at work there at the moment', () => {
    const busy = [
      makeView('a', full),
      makeView('b', { host: makeHost({ slotsMax: 1, used: 1 }) }),
      makeView('c', { host: makeHost({ memory: false }) }),
      makeView('d', { endpoint: makeEndpoint({ breaker: 'trying' }) }),
    ];
    expect(tiers(busy)).toEqual([['a', 'b', 'c', 'd']]);
  });

  test.each<[string, Partial<WorkerView>]>([
    ['is lost', lost],
    ['missed a beat', { liveness: 'suspect' }],
    ['is being drained', { admission: 'draining' }],
    ['was drained', { admission: 'drained' }],
    ['is quarantined', { admission: 'quarantined' }],
    ['has a server that is left alone', { endpoint: makeEndpoint({ breaker: 'open' }) }],
    ['does not do its type', { capabilities: ['translation'] }],
    ['has too small a context', { tokensMax: 50 }],
    ['lacks its model, which another has', has('another')],
  ])('are without one that %s', (_what, parts) => {
    expect(tiers([makeView('a', parts), makeView('b', has(usualModel))])).toEqual([['b']]);
    expect(tiers([makeView('a', { ...parts, ...full }), makeView('b', has(usualModel))])).toEqual([['b']]);
  });

  test('are none while nobody can be had', () => {
    expect(tiers([])).toEqual([]);
    expect(tiers([makeView('a', lost)])).toEqual([]);
    expect(tiers([makeView('remote')], byRule({ preferredWorkers: ['local'] }))).toEqual([]);
  });

  test('come in the order of the rule, or all together where it balances', () => {
    const views = [makeView('a'), makeView('b'), makeView('remote')];
    const preferredWorkers = ['remote', 'b', 'local'];
    expect(tiers(views, byRule({ preferredWorkers, loadBalancing: false }))).toEqual([
      ['remote'],
      ['b'],
      ['a'],
    ]);
    expect(tiers(views, byRule({ preferredWorkers }))).toEqual([['a', 'b', 'remote']]);
  });

  test('are local ones in place of the preferred ones only while none of those can be had', () => {
    const input = byRule({ preferredWorkers: ['remote'], fallbackToLocal: true });
    expect(tiers([makeView('local'), makeView('remote', full)], input)).toEqual([['remote']]);
    expect(tiers([makeView('local'), makeView('remote', lost)], input)).toEqual([['local']]);
  });

  test('have those in reserve behind the others of their place, and those that rest behind all', () => {
    const views = [
      makeView('local_resting', { admission: 'standby', standby: true }),
      makeView('local_reserve', { standby: true }),
      makeView('local'),
      makeView('remote'),
    ];
    const input = byRule({ preferredWorkers: ['local', 'remote'], loadBalancing: false });
    expect(tiers(views, input)).toEqual([['local'], ['local_reserve'], ['remote'], ['local_resting']]);
  });

  test('hold the one that a task is placed at, and the one in reserve that it waits for', () => {
    const view = fc
      .record({
        name: fc.constantFrom('local_1', 'local_2', 'local_3', 'remote_1', 'remote_2'),
        used: fc.nat(3),
        liveness: fc.constantFrom('alive', 'alive', 'alive', 'suspect', 'lost'),
        admission: fc.constantFrom('active', 'active', 'standby', 'draining', 'quarantined'),
        standby: fc.boolean(),
        capabilities: fc.constantFrom([], ['general'], ['translation']),
        tokensMax: fc.constantFrom(null, 50),
        breaker: fc.constantFrom('closed', 'closed', 'open', 'halfOpen', 'trying'),
        models: fc.constantFrom(undefined, [usualModel], ['another']),
      })
      .map(({ name, breaker, models, ...parts }) => {
        const endpoint = makeEndpoint(models === undefined ? { breaker } : { breaker, models });
        return makeView(name, { ...parts, endpoint } as Partial<WorkerView>);
      });
    const views = fc.uniqueArray(view, { selector: ({ workerId }) => workerId });
    const input = fc
      .record({
        preferredWorkers: fc.subarray(['local', 'remote', 'local_2'], { minLength: 1 }),
        fallbackToLocal: fc.boolean(),
        loadBalancing: fc.boolean(),
      })
      .map(byRule);
    fc.assert(
      fc.property(views, input, (workers, given) => {
        const decision = route(makeDemand(), workers, given);
        const found = tiersOf(makeDemand(), workers, given);
        expect(new Set(found.flat()).size).toBe(found.flat().length);
        if (decision.kind === 'placed') {
          const withRoom = found.find((tier) =>
            tier.some(
              ({ used, slots, endpoint, admission }) =>
                used < slots && endpoint.breaker !== 'trying' && admission === 'active',
            ),
          );
          expect(withRoom).toContain(decision.worker);
        }
        if (decision.kind === 'waits' && decision.reserve !== undefined) {
          expect(found.flat()).toContain(decision.reserve);
        }
        if (decision.kind === 'unfit') expect(found).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
