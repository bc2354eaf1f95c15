import { describe, expect, test } from 'vitest';
import type { Admission, AdmissionOrder } from '../../src/machines/worker-state.ts';
import { makeSpec, success } from '../support/pool-samples.ts';
import { setupWorker, type WorkerBench } from '../support/setup-worker.ts';

/** How a worker gets there. In `draining` it runs lease 1. */
const ways: Record<string, (bench: WorkerBench) => void> = {
  active: () => {},
  standby: ({ order }) => order('rest'),
  draining: ({ order, run }) => {
    run(1);
    order('drain');
  },
  drained: ({ order }) => order('drain'),
};

/** What is said of each order in each state. All that is not listed changes nothing, and nothing is said. */
const table: Record<string, Partial<Record<AdmissionOrder, readonly Admission[]>>> = {
  active: { rest: ['standby'], drain: ['draining', 'drained'] },
  standby: { activate: ['active'], resume: ['active'], drain: ['draining', 'drained'] },
  // The load asks for a worker; that an operator has sent it away stands above that.
  draining: { rest: ['standby'], resume: ['active'] },
  drained: { rest: ['standby'], resume: ['active'] },
};
const orders: readonly AdmissionOrder[] = ['activate', 'rest', 'drain', 'resume'];
const cases = Object.keys(ways).flatMap((state) =>
  orders.map((order) => [state, order, table[state]?.[order] ?? []] as const),
);

function setupIn(state: string): WorkerBench {
  const bench = setupWorker();
  bench.beat();
  ways[state]?.(bench);
  expect(bench.actor.getSnapshot().value).toMatchObject({ admission: state });
  bench.reports.length = 0;
  return bench;
}

describe('each order in each state', () => {
  test.each(cases)('%s, told to %s: %j', (state, order, expected) => {
    const bench = setupIn(state);
    bench.order(order, 'an operator');
    expect(bench.admissions()).toEqual(expected);
    expect(bench.actor.getSnapshot().value).toMatchObject({ admission: expected.at(-1) ?? state });
    expect(bench.reports.every((report) => 'detail' in report && report.detail === 'an operator')).toBe(true);
  });

  test.each(Object.keys(ways))('%s: what runs goes on, whatever is asked', (state) => {
    for (const order of orders) {
      const bench = setupIn(state);
      if (state !== 'draining') bench.run(1);
      bench.order(order);
      expect(bench.world.stopped).toEqual([]);
      bench.world.settle(1 as never, success);
      expect(bench.settled()).toMatchObject([{ outcome: { kind: 'succeeded' } }]);
    }
  });

  test.each(Object.keys(ways))('%s: a beat or a miss changes nothing of it', (state) => {
    const bench = setupIn(state);
    for (let misses = 0; misses < 4; misses += 1) bench.miss();
    bench.beat();
    expect(bench.admissions()).toEqual([]);
  });
});

describe('a worker that is drained', () => {
  test('is so when the last of what it runs has ended', () => {
    const bench = setupWorker({ slots: 2 });
    const [first, second] = [bench.run(1), bench.run(2)];
    bench.order('drain');
    bench.world.settle(first, success);
    expect(bench.admissions()).toEqual(['active', 'draining']);
    bench.world.settle(second, success);
    expect(bench.admissions()).toEqual(['active', 'draining', 'drained']);
  });

  test('is so when the last of what it runs has crashed or was stopped', () => {
    const bench = setupWorker({ slots: 2 });
    bench.run(1);
    bench.order('drain');
    bench.stop(1);
    expect(bench.admissions().at(-1)).toBe('drained');
  });
});

describe('a worker that starts', () => {
  test.each([
    ['active', ['active']],
    ['standby', ['standby']],
    ['draining', ['draining', 'drained']],
    ['drained', ['drained']],
    ['quarantined', ['active']],
  ] as const)('as one that was %s says %j', (admission, said) => {
    expect(setupWorker({}, { admission }).admissions()).toEqual(said);
  });
});

describe('slots that the configuration changes', () => {
  const spec = (slots: number) => makeSpec('local_001', { slots });

  test('are there at once when there are more', () => {
    const bench = setupWorker({ slots: 1 });
    bench.run(1);
    bench.actor.send({ type: 'worker.configure', spec: spec(3) });
    expect(bench.slots()).toEqual([1, null, null]);
    bench.run(2);
    expect(bench.settled()).toEqual([]);
  });

  test('go when they are free, and what runs in them runs to its end', () => {
    const bench = setupWorker({ slots: 3 });
    const [first, second, third] = [bench.run(1), bench.run(2), bench.run(3)];
    bench.actor.send({ type: 'worker.configure', spec: spec(1) });
    expect(bench.slots()).toEqual([1, 2, 3]);
    bench.world.settle(second, success);
    expect(bench.slots()).toEqual([1, null, 3]);
    bench.world.settle(third, success);
    expect(bench.slots()).toEqual([1]);
    bench.world.settle(first, success);
    expect(bench.slots()).toEqual([null]);
    expect(bench.settled().every(({ outcome }) => outcome.kind === 'succeeded')).toBe(true);
  });
});

describe('what a probe saw', () => {
  const model = (name: string) => ({ name, sizeBytes: 1, contextTokensMax: null });
  const both = { models: [model('x'), model('y')], residents: null };

  test('is told when it is new, and not again while it stays, in whatever order', () => {
    const bench = setupWorker();
    bench.beat();
    expect(bench.sightings()).toEqual([]);
    bench.beat(both);
    bench.miss();
    bench.beat({ ...both, models: [model('y'), model('x')] });
    expect(bench.sightings()).toEqual([{ type: 'worker.sighted', workerId: 'local_001', sighting: both }]);
    bench.beat({ ...both, residents: [{ name: 'x', memoryBytes: 1, contextTokens: null }] });
    bench.beat({ ...both, models: [model('y')] });
    expect(bench.sightings()).toHaveLength(3);
  });
});
