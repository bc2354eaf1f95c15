import { describe, expect, test } from 'vitest';
import type { DurationEstimate } from '../../src/machines/duration-book.ts';
import { forecast } from '../../src/machines/forecast.ts';
import type { RouteClass } from '../../src/machines/forecast-lane.ts';
import type { Horizon } from '../../src/machines/horizon.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { deviationsOfP90 } from '../../src/machines/prediction.ts';
import type { ForecastSlot } from '../../src/machines/slot-times.ts';

const durations = (id: string): DurationEstimate => {
  const meanMs = id === 'fast' ? 10_000 : 40_000;
  return {
    p50Ms: meanMs,
    p90Ms: meanMs * 1.5,
    meanMs,
    varianceMs2: (0.3 * meanMs) ** 2,
    runs: 64,
    basis: 'anything',
  };
};
const slots = ['fast', 'fast', 'slow', 'slow'].map((name) => ({
  workerId: workerId(name),
  freeIn: { meanMs: 0, varianceMs2: 0 },
}));
const any: RouteClass = { tiers: [[0, 1, 2, 3]] };
const alsoAny: RouteClass = { tiers: [[0, 1, 2, 3]] };
const slowOnly: RouteClass = { tiers: [[2, 3]] };

function look(tasksMax: number, classOf: (at: number) => RouteClass = () => any, count = 1_000) {
  const queue = Array.from({ length: count }, (_, key) => ({ key, routeClass: classOf(key), durations }));
  return forecast({ nowMs: 500, slots, leasesMax: 100, queue, prefers: 'speed', tasksMax });
}

test('behind the last task that was followed, throughput says about what following would', () => {
  const followed = look(1_000).predictions.get(999);
  const told = look(200).horizon.predict(any, 1_000, 1_000, durations);
  expect(told?.place).toBe(1_000);
  expect(Math.abs((told?.start.p50Ms ?? 0) / (followed?.start.p50Ms ?? 1) - 1)).toBeLessThan(0.02);
  expect(told?.finish?.p90Ms).toBeGreaterThan(told?.finish?.p50Ms ?? Number.NaN);
});

test('classes that want the same slots share their throughput as they did so far', () => {
  const classOf = (at: number) => (at % 4 === 0 ? alsoAny : any);
  const followed = look(1_000, classOf).predictions.get(999);
  const { horizon } = look(400, classOf);
  expect(horizon.followed(alsoAny)).toBe(100);
  expect(horizon.followed(any)).toBe(300);
  const told = horizon.predict(any, 750, 1_000, durations);
  expect(Math.abs((told?.start.p50Ms ?? 0) / (followed?.start.p50Ms ?? 1) - 1)).toBeLessThan(0.02);
});

test('throughput is that of the slots, and of the leases where these are fewer', () => {
  const { horizon } = look(10);
  expect(horizon.startsPerMs(any, durations)).toBeCloseTo(2 / 10_000 + 2 / 40_000, 9);
  const few = forecast({ nowMs: 0, slots, leasesMax: 2, queue: [], prefers: 'speed' }).horizon;
  expect(few.startsPerMs(any, durations)).toBeCloseTo(1 / 10_000 + 1 / 40_000, 9);
});

test('a class of which no task was followed is told by its slots alone', () => {
  const told = look(100).horizon.predict(slowOnly, 1, 101, durations);
  expect(told?.start.p50Ms).toBeGreaterThan(0);
  expect(look(100).horizon.followed(slowOnly)).toBe(0);
});

test('each further place is later', () => {
  const { horizon } = look(100);
  const starts = [101, 102, 200, 5_000, 900_000].map(
    (at) => horizon.predict(any, at, at, durations)?.start.p50Ms ?? 0,
  );
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(new Set(starts).size).toBe(starts.length);
});

test('the speed of a class is looked up once, however many of its tasks ask', () => {
  let asked = 0;
  const counted = (id: string) => {
    asked += 1;
    return durations(id);
  };
  const { horizon } = look(0);
  for (let at = 1; at <= 1_000; at += 1) horizon.predict(any, at, at, counted);
  // Once for each slot, and once by each task for the worker that it will get.
  expect(asked).toBeLessThanOrEqual(slots.length + 1_000);
});

describe('behind one run of ten seconds', () => {
  const alone = [{ workerId: workerId('fast'), freeIn: { meanMs: 2_000, varianceMs2: 1e6 } }];
  const only: RouteClass = { tiers: [[0]] };
  const queue = [{ key: 0, routeClass: only, durations }];
  const { horizon } = forecast({ nowMs: 500, slots: alone, leasesMax: 100, queue, prefers: 'speed' });
  const startsAt = (place: number) => horizon.predict(only, place, place, durations)?.start.p50Ms;

  test('the next task starts when that ends, and each further one a run later', () => {
    expect([2, 3, 6].map(startsAt)).toEqual([12_500, 22_500, 52_500]);
  });

  test('a place that was followed already starts no sooner than the next one', () => {
    expect(startsAt(1)).toBe(12_500);
  });

  test('the doubts of all runs ahead add up, with a tenth of the wait', () => {
    const { start, finish } = horizon.predict(only, 6, 6, durations) ?? {};
    // What runs now, the run that was followed, and four more.
    const varianceMs2 = 1e6 + 5 * 3_000 ** 2;
    // The mean of 64 runs is off by an eighth of their deviation.
    const offMs = 3_000 / 8 + 0.1 * 40_000;
    const startMs = deviationsOfP90 * Math.sqrt(varianceMs2 + offMs ** 2);
    expect(start?.p90Ms).toBeCloseTo(52_500 + startMs, 3);
    expect(finish?.p50Ms).toBeCloseTo(62_500, 3);
    expect(finish?.p90Ms).toBeCloseTo(62_500 + Math.hypot(startMs, 5_000), 3);
  });
});

describe('nothing is said', () => {
  const slot = (name: string, meanMs = 0): ForecastSlot => ({
    workerId: workerId(name),
    freeIn: { meanMs, varianceMs2: 0 },
  });
  const horizonOf = (own: readonly ForecastSlot[], leasesMax = 100) =>
    forecast({ nowMs: 500, slots: own, leasesMax, queue: [], prefers: 'speed' }).horizon;
  const both: RouteClass = { tiers: [[0, 1]] };
  const firstOf = (horizon: Horizon) =>
    horizon.predict(both, 1, 1, (id) => (id === 'new' ? null : durations(id)));

  test('where no slot is, or nothing is known', () => {
    const { horizon } = look(100);
    expect(horizon.predict({ tiers: [] }, 1, 101, durations)).toBeNull();
    expect(horizon.predict(any, 101, 101, () => null)).toBeNull();
  });

  test('and nothing is asked, of slots that the forecast does not have', () => {
    const asked = new Set<string | undefined>();
    const noting = (id: string) => {
      asked.add(id);
      return durations(id);
    };
    const { horizon } = look(100);
    expect(horizon.startsPerMs({ tiers: [[4]] }, noting)).toBe(0);
    expect(horizon.predict({ tiers: [[4]] }, 1, 101, noting)).toBeNull();
    expect(asked).toEqual(new Set());
  });

  test('while the next slot is on a worker of which nothing is known', () => {
    expect(firstOf(horizonOf([slot('new'), slot('fast', 5_000)]))).toBeNull();
    expect(firstOf(horizonOf([slot('new', 5_000), slot('fast')]))?.start.p50Ms).toBe(500);
  });

  test('where no run may start, or no slot is ever free', () => {
    expect(firstOf(horizonOf([slot('fast'), slot('slow')], 0))).toBeNull();
    const never = Number.POSITIVE_INFINITY;
    expect(firstOf(horizonOf([slot('fast', never), slot('slow', never)]))).toBeNull();
  });

  test('of slots that are never free, but of those beside them', () => {
    const horizon = horizonOf([slot('fast', Number.POSITIVE_INFINITY), slot('slow', 5_000)]);
    expect(horizon.startsPerMs(both, durations)).toBe(1 / 40_000);
    expect(firstOf(horizon)?.start.p50Ms).toBe(5_500);
  });
});
