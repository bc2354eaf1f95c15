import { expect, test } from 'vitest';
import type { DurationEstimate } from '../../src/machines/duration-book.ts';
import { forecast } from '../../src/machines/forecast.ts';
import type { RouteClass } from '../../src/machines/forecast-lane.ts';
import { workerId } from '../../src/machines/identifiers.ts';

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

test('nothing is said where no slot is, or nothing is known', () => {
  const { horizon } = look(100);
  expect(horizon.predict({ tiers: [] }, 1, 101, durations)).toBeNull();
  expect(horizon.predict(any, 101, 101, () => null)).toBeNull();
});
