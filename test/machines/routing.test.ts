import { describe, expect, test } from 'vitest';
import type { Refusal } from '../../src/machines/placement.ts';
import { type Decision, route, ruleFor } from '../../src/machines/routing.ts';
import {
  anyWorker,
  byRule,
  choose,
  makeDemand,
  makeEndpoint,
  makeHost,
  makeInput,
  makeRouting,
  makeRule,
  makeView,
  placed,
  remoteFirst,
  usualModel,
} from '../support/placement-samples.ts';

function refusalsOf(decision: Decision): Record<string, Refusal | undefined> {
  const { candidates } = placed(decision).reason;
  return Object.fromEntries(candidates.map(({ worker_id, refusal }) => [worker_id, refusal]));
}

const full = { used: 2 };
const lost = { liveness: 'lost' } as const;
const has = (...models: string[]) => ({ endpoint: makeEndpoint({ models }) });
const loaded = (...models: string[]) => ({ endpoint: makeEndpoint({ loaded: models }) });

describe('the rule for a priority', () => {
  const policy = makeRouting({
    rules: [makeRule({ priorityMin: 1, priorityMax: 4 }), makeRule({ priorityMin: 8, priorityMax: 10 })],
  });

  test('covers both ends of its range', () => {
    expect([1, 4, 8, 10].map((priority) => ruleFor(policy, priority).priorityMin)).toEqual([1, 1, 8, 8]);
  });

  test('is any worker where none is written', () => {
    expect(ruleFor(policy, 5)).toMatchObject({ preferredWorkers: ['local', 'remote'], loadBalancing: true });
  });

  test.each([
    'least_loaded',
    'fastest',
  ] as const)('is asked by priority_based alone, not by %s', (strategy) => {
    const rule = ruleFor({ ...policy, strategy }, 3);
    expect(rule).toMatchObject({
      preferredWorkers: ['local', 'remote'],
      loadBalancing: true,
      reason: `strategy ${strategy}`,
    });
  });
});

describe('the choice of a worker', () => {
  test('fills the first preferred workers first where a rule does not spread the load', () => {
    const input = byRule({ preferredWorkers: ['b', 'local'], loadBalancing: false });
    expect(choose([makeView('a'), makeView('b', { used: 1 })], input)).toBe('b');
    expect(choose([makeView('a'), makeView('b', full)], input)).toBe('a');
  });

  test('looks at the load first, then at the speed, then at the name', () => {
    const slow = makeView('a', { performanceFactor: 0.5 });
    expect(choose([slow, makeView('b', { used: 1, performanceFactor: 5 })])).toBe('a');
    expect(choose([slow, makeView('b')])).toBe('b');
    expect(choose([makeView('c'), makeView('b'), makeView('d')])).toBe('b');
    expect(choose([makeView('a', { used: 1, slots: 2 }), makeView('b', { used: 1, slots: 4 })])).toBe('b');
  });

  test('looks at the model before the load where taking the task would push another out of memory', () => {
    const [swaps, warm] = [
      makeView('a', loaded('another')),
      makeView('b', { used: 1, ...loaded(usualModel) }),
    ];
    expect([choose([swaps, warm]), choose([warm, swaps])]).toEqual(['b', 'b']);
  });

  test('falls on a worker that is there for the reserve only when the others have no room', () => {
    const reserve = makeView('b', { standby: true, performanceFactor: 9 });
    expect(choose([reserve, makeView('a', { used: 1 })])).toBe('a');
    expect(choose([reserve, makeView('a', full)])).toBe('b');
  });

  test('goes by load alone under least_loaded, whatever the rules say', () => {
    const input = makeInput({ ...byRule({ preferredWorkers: ['b'] }).policy, strategy: 'least_loaded' });
    expect(choose([makeView('a'), makeView('b', { used: 1 })], input)).toBe('a');
    const warm = makeView('c', { used: 1, ...loaded(usualModel) });
    const swaps = makeView('a', loaded('another'));
    expect([choose([swaps, warm], input), choose([warm, swaps], input)]).toEqual(['a', 'a']);
  });

  test('goes by speed first under fastest, whatever the rules say', () => {
    const input = makeInput({ ...byRule({ preferredWorkers: ['a'] }).policy, strategy: 'fastest' });
    const fast = makeView('b', { used: 1, performanceFactor: 4 });
    expect(choose([makeView('a'), fast], input)).toBe('b');
    expect(choose([makeView('a'), { ...fast, used: 2 }], input)).toBe('a');
  });

  test('goes by what was measured under fastest, once something was', () => {
    const measured: Record<string, number> = { a: 4_000.4, b: 9_000 };
    const input = makeInput(makeRouting({ strategy: 'fastest' }), {
      expectedMs: ({ workerId }) => measured[workerId] ?? null,
    });
    const decision = route(makeDemand(), [makeView('a', { performanceFactor: 0.1 }), makeView('b')], input);
    expect(placed(decision).reason).toMatchObject({
      choice: 'a',
      candidates: [
        { worker_id: 'a', expected_ms: 4_000 },
        { worker_id: 'b', expected_ms: 9_000, refusal: 'less suitable' },
      ],
    });
  });

  test('is explained: the rule, every candidate with its load, and why it was not taken', () => {
    const views = [
      makeView('a', { used: 1 }),
      makeView('b', loaded(usualModel)),
      makeView('c', full),
      makeView('d', lost),
      makeView('e', { admission: 'drained' }),
      makeView('f', { capabilities: ['translation'] }),
      makeView('g', { admission: 'standby' }),
      makeView('h', { host: makeHost({ slotsMax: 1, used: 1 }) }),
      makeView('i', { host: makeHost({ memory: false }) }),
      makeView('j', { endpoint: makeEndpoint({ breaker: 'open' }) }),
      makeView('k', { admission: 'quarantined', liveness: 'lost' }),
      makeView('l', { tokensMax: 100 }),
      makeView('remote'),
    ];
    const input = { ...byRule({ preferredWorkers: ['local'] }), configVersion: 7 };
    expect(placed(route(makeDemand(), views, input)).reason).toEqual({
      rule: 'a rule of this test',
      choice: 'b',
      model: usualModel,
      config_version: 7,
      candidates: [
        { worker_id: 'a', load: 0.5, warmth: 'fits', refusal: 'less suitable' },
        { worker_id: 'b', load: 0, warmth: 'loaded' },
        { worker_id: 'c', load: 1, refusal: 'full' },
        { worker_id: 'd', load: 0, refusal: 'not alive' },
        { worker_id: 'e', load: 0, refusal: 'draining' },
        { worker_id: 'f', load: 0, refusal: 'incapable' },
        { worker_id: 'g', load: 0, refusal: 'standby' },
        { worker_id: 'h', load: 0, refusal: 'host full' },
        { worker_id: 'i', load: 0, refusal: 'host memory' },
        { worker_id: 'j', load: 0, refusal: 'endpoint is failing' },
        { worker_id: 'k', load: 0, refusal: 'quarantined' },
        { worker_id: 'l', load: 0, refusal: 'too small' },
        { worker_id: 'remote', load: 0, warmth: 'fits', refusal: 'not preferred' },
      ],
    });
  });

  test('names the best worker in reserve when only such a one would take the task', () => {
    const reserves = [
      makeView('b', { admission: 'standby', standby: true, performanceFactor: 0.5 }),
      makeView('c', { admission: 'standby', standby: true }),
    ];
    const decision = route(makeDemand(), [makeView('a', full), ...reserves], anyWorker);
    expect(decision).toMatchObject({ kind: 'waits', reserve: { workerId: 'c' } });
    const incapable = reserves.map((view) => ({ ...view, capabilities: ['translation'] }));
    expect(route(makeDemand(), incapable, anyWorker)).toMatchObject({ kind: 'waits', reserve: undefined });
  });

  test('names the machine of the best worker that would take the task, had its memory room', () => {
    const [best, other] = [makeHost({ memory: false }), makeHost({ memory: false })];
    const views = [makeView('a', { host: best }), makeView('b', { host: other, used: 1 })];
    for (const inAnyOrder of [views, views.toReversed()]) {
      const decision = route(makeDemand(), inAnyOrder, anyWorker);
      expect(decision.kind === 'waits' && decision.crowded).toBe(best);
    }
  });
});

describe('a rule that falls back to local workers', () => {
  test('waits for a preferred worker that is merely busy, or finding out whether its server works', () => {
    for (const busy of [
      full,
      { host: makeHost({ slotsMax: 1, used: 1 }) },
      { host: makeHost({ memory: false }) },
      { endpoint: makeEndpoint({ breaker: 'trying' }) },
      { admission: 'standby' },
    ] as const) {
      expect(choose([makeView('local'), makeView('remote', busy)], remoteFirst)).toBe('waits');
    }
  });

  test('says of a preferred worker why it could not be had, and not that it was not preferred', () => {
    const views = [makeView('local'), makeView('remote_1', lost), makeView('remote_2', { tokensMax: 1 })];
    expect(refusalsOf(route(makeDemand(), views, remoteFirst))).toEqual({
      local: undefined,
      remote_1: 'not alive',
      remote_2: 'too small',
    });
  });

  test('says of those that may stand in why they could not, and not that they were not preferred', () => {
    const views = [makeView('local_1'), makeView('local_2'), makeView('local_3', full)];
    expect(refusalsOf(route(makeDemand(), [...views, makeView('remote', lost)], remoteFirst))).toEqual({
      local_1: undefined,
      local_2: 'less suitable',
      local_3: 'full',
      remote: 'not alive',
    });
  });

  test('falls back when the preferred workers lack the model, and a local one has it', () => {
    const views = [makeView('local', has(usualModel)), makeView('remote', has('another'))];
    const decision = route(makeDemand(), views, remoteFirst);
    expect(placed(decision).worker.workerId).toBe('local');
    expect(refusalsOf(decision)).toMatchObject({ remote: 'lacks the model' });
  });

  test('takes any local worker, also where it prefers one of them', () => {
    const input = byRule({ preferredWorkers: ['a'], fallbackToLocal: true });
    expect(choose([makeView('a', full), makeView('b')], input)).toBe('waits');
    expect(choose([makeView('a', lost), makeView('b'), makeView('remote')], input)).toBe('b');
  });
});
