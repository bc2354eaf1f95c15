import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Refusal, WorkerView } from '../../src/machines/placement.ts';
import { route, ruleFor } from '../../src/machines/routing.ts';
import type { RoutingRule } from '../../src/machines/routing-policy.ts';
import {
  makeDemand,
  makeEndpoint,
  makeHost,
  makeInput,
  makeRouting,
  makeRule,
  makeView,
  usualModel,
} from '../support/placement-samples.ts';

describe('whatever the workers are like', () => {
  /** Most of them are like this, so that more than one could take the task. */
  const mostly = <const T, const U>(usual: T, ...others: readonly U[]) =>
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(usual) },
      { weight: 1, arbitrary: fc.constantFrom(...others) },
    );
  const one = fc.record({
    name: fc.constantFrom('local_1', 'local_2', 'local_3', 'local_4', 'remote_1', 'remote_2'),
    used: fc.constantFrom(0, 0, 1, 1, 2, 3),
    performanceFactor: fc.constantFrom(0.1, 1, 2),
    liveness: mostly('alive', 'suspect', 'lost', 'probing'),
    admission: mostly('active', 'standby', 'draining', 'drained', 'quarantined'),
    standby: fc.boolean(),
    capabilities: fc.constantFrom([], [], ['general'], ['translation']),
    tokensMax: mostly(null, 50, 5_000),
    endpoint: fc
      .record(
        {
          breaker: mostly('closed', 'open', 'halfOpen', 'trying'),
          models: fc.subarray([usualModel, 'another']),
          loaded: fc.subarray([usualModel, 'another']),
        },
        { requiredKeys: [] },
      )
      .map(makeEndpoint),
    host: fc
      .record(
        {
          slotsMax: fc.constant(2),
          used: fc.constantFrom(0, 1, 2),
          memory: mostly(true, false),
          room: fc.boolean(),
        },
        { requiredKeys: [] },
      )
      .map(makeHost),
  });
  const views = fc
    .uniqueArray(one, { selector: ({ name }) => name })
    .map((drawn) => drawn.map(({ name, ...parts }) => makeView(name, parts as Partial<WorkerView>)));
  const rule = fc
    .record({
      preferredWorkers: fc.subarray(['local', 'remote', 'local_2', 'remote_1'], { minLength: 1 }),
      fallbackToLocal: fc.boolean(),
      loadBalancing: fc.boolean(),
    })
    .map(makeRule);
  const input = fc
    .record({
      rule,
      strategy: fc.constantFrom('priority_based', 'priority_based', 'least_loaded', 'fastest'),
    })
    .map(({ rule: drawn, strategy }) => makeInput(makeRouting({ strategy, rules: [drawn] })));

  test('the choice does not depend on their order', () => {
    fc.assert(
      fc.property(views, input, fc.infiniteStream(fc.nat()), (workers, given, draws) => {
        const shuffled = workers
          .map((view) => ({ view, at: draws.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ view }) => view);
        const [a, b] = [route(makeDemand(), workers, given), route(makeDemand(), shuffled, given)];
        expect(b.kind).toBe(a.kind);
        if (a.kind === 'placed' && b.kind === 'placed') expect(b.worker).toBe(a.worker);
        if (a.kind === 'waits' && b.kind === 'waits') expect(b.reserve).toBe(a.reserve);
      }),
      { numRuns: 500 },
    );
  });

  /** What each refusal claims. Written down from the meaning of the words, and not from the code. */
  const claims: Record<Refusal, (view: WorkerView, ruled: RoutingRule) => boolean> = {
    'not preferred': (view, { preferredWorkers: names }) =>
      !names.includes(view.workerId) && !names.includes(view.location),
    incapable: (view) => view.capabilities.length > 0 && !view.capabilities.includes('general'),
    'too small': (view) => view.tokensMax === 50,
    'lacks the model': (view) => view.endpoint.has(usualModel) === false,
    'not alive': (view) => view.liveness !== 'alive',
    draining: (view) => view.admission.startsWith('drain'),
    quarantined: (view) => view.admission === 'quarantined',
    'endpoint is failing': (view) => ['open', 'trying'].includes(view.endpoint.breaker),
    standby: (view) => view.admission === 'standby',
    full: (view) => view.used >= view.slots,
    'host full': (view) => view.host.used === 2 && view.host.slotsMax === 2,
    'host memory': (view) => view.host.hasMemoryFor(view.endpoint, usualModel) === false,
    'host kept': () => false,
    'less suitable': () => true,
  };

  test('each refusal in a reason is true, and the choice would have earned none but the last', () => {
    fc.assert(
      fc.property(views, input, (workers, given) => {
        const decision = route(makeDemand(), workers, given);
        if (decision.kind !== 'placed') return;
        const { candidates, choice } = decision.reason;
        const ruled = ruleFor(given.policy, 5);
        for (const view of workers) {
          const refusal = candidates.find(({ worker_id }) => worker_id === view.workerId)?.refusal;
          if (refusal !== undefined) expect(claims[refusal](view, ruled), refusal).toBe(true);
          expect(refusal === undefined).toBe(view.workerId === choice);
        }
        const {
          'less suitable': _,
          'not preferred': notPreferred,
          'lacks the model': lacks,
          ...never
        } = claims;
        const chosen = decision.worker;
        for (const [refusal, holds] of Object.entries(never))
          expect(holds(chosen, ruled), refusal).toBe(false);
        if (notPreferred(chosen, ruled))
          expect([ruled.fallbackToLocal, chosen.location]).toEqual([true, 'local']);
        if (lacks(chosen, ruled))
          expect(
            workers.some(
              (view) =>
                view.endpoint.has(usualModel) &&
                !lacks(view, ruled) &&
                view !== chosen &&
                !notPreferred(view, ruled) &&
                !claims.incapable(view, ruled) &&
                !claims['too small'](view, ruled),
            ),
          ).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('whichever of many workers could take a task', () => {
  const one = fc.record({
    used: fc.nat(1),
    performanceFactor: fc.constantFrom(0.5, 1, 2),
    standby: fc.boolean(),
    loaded: fc.constantFrom([], [usualModel], ['another']),
    expectedMs: fc.constantFrom(1_000, 2_000),
  });
  const drawn = fc.array(one, { minLength: 2, maxLength: 6 }).map((all) =>
    all.map(({ loaded, expectedMs, ...parts }, at) => ({
      expectedMs,
      view: makeView(`local_${at}`, { ...parts, endpoint: makeEndpoint({ loaded }) }),
    })),
  );
  type Drawn = { readonly view: WorkerView; readonly expectedMs: number };
  const isSwap = ({ view: { endpoint } }: Drawn) => Number(endpoint.isLoaded('another:latest'));
  const isReserve = ({ view }: Drawn) => Number(view.standby);
  const load = ({ view }: Drawn) => view.used;
  const duration = ({ expectedMs }: Drawn) => expectedMs;
  /** What all look at in the end: a loaded model, then an empty server, then the speed, then the name. */
  const last = [
    ({ view }: Drawn) => (view.endpoint.isLoaded(usualModel) ? 0 : 1),
    isSwap,
    ({ view }: Drawn) => -view.performanceFactor,
    ({ view }: Drawn) => Number(view.workerId.slice('local_'.length)),
  ];
  /** What each strategy looks at, in this order; the least is the best. */
  const criteria = {
    priority_based: [isReserve, isSwap, load, ...last],
    least_loaded: [isReserve, load, ...last],
    fastest: [isReserve, duration, load, ...last],
  };

  test.each([
    'priority_based',
    'least_loaded',
    'fastest',
  ] as const)('%s takes the one that comes first by all that it looks at, wherever it stands', (strategy) => {
    const first = (a: Drawn, b: Drawn) =>
      criteria[strategy].map((of) => of(a) - of(b)).find((difference) => difference !== 0) ?? 0;
    fc.assert(
      fc.property(drawn, fc.infiniteStream(fc.nat(100)), (all, draws) => {
        const given = makeInput(makeRouting({ strategy }), {
          expectedMs: ({ workerId }) =>
            all.find(({ view }) => view.workerId === workerId)?.expectedMs ?? null,
        });
        const shuffled = all
          .map((each) => ({ each, at: draws.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ each }) => each.view);
        const decision = route(makeDemand(), shuffled, given);
        expect(decision.kind === 'placed' && decision.worker).toBe(all.toSorted(first)[0]?.view);
      }),
      { numRuns: 300 },
    );
  });
});
