import { describe, expect, test } from 'vitest';
import type { DurationEstimate, Durations } from '../../src/machines/duration-book.ts';
import { type ForecastInput, forecast, type QueuedTask } from '../../src/machines/forecast.ts';
import { Lane } from '../../src/machines/forecast-lane.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { type ForecastSlot, SlotTimes } from '../../src/machines/slot-times.ts';

/** Without spread: what is predicted is then the schedule itself. */
function sure(meanMs: number): DurationEstimate {
  return { p50Ms: meanMs, p90Ms: meanMs, meanMs, varianceMs2: 0, runs: 64, basis: 'anything' };
}

function slot(name: string, freeInMs = 0, varianceMs2 = 0): ForecastSlot {
  return { workerId: workerId(name), freeIn: { meanMs: freeInMs, varianceMs2 } };
}

/** Some of the workers take so long for it; of the others nothing is known. */
const known =
  (meanMs: Readonly<Record<string, number>>): Durations =>
  (id) =>
    meanMs[id] === undefined ? null : sure(meanMs[id]);

function run(
  slots: readonly ForecastSlot[],
  queue: readonly QueuedTask<number>[],
  parts: Partial<ForecastInput<number>> = {},
) {
  return forecast({ nowMs: 0, slots, leasesMax: 100, queue, prefers: 'less load', ...parts }).predictions;
}

const both = { tiers: [[0, 1]] };

describe('a lane', () => {
  test('without a slot has none that is free first, at any time', () => {
    const lane = new Lane({ tiers: [] }, new SlotTimes([slot('a')], 9));
    expect([lane.firstFree, lane.freeMs]).toEqual([-1, Number.POSITIVE_INFINITY]);
  });

  test('prefers a free slot of which something is known to one of which nothing is', () => {
    const durations = known({ fast: 10_000 });
    const queue = [{ key: 0, routeClass: both, durations }];
    const slots = [slot('unknown'), slot('fast')];
    for (const prefers of ['speed', 'less load'] as const) {
      expect(run(slots, queue, { prefers }).get(0)?.finish?.p50Ms).toBe(10_000);
    }
  });

  test.each([
    'speed',
    'less load',
  ] as const)('takes the first of slots of which nothing is known: by %s', (prefers) => {
    const queue = [
      { key: 0, routeClass: both, durations: known({}) },
      { key: 1, routeClass: both, durations: known({ a: 10_000, b: 20_000 }) },
    ];
    expect(run([slot('a'), slot('b')], queue, { prefers }).get(1)?.finish?.p50Ms).toBe(20_000);
  });

  test('asks once for each worker how long tasks of a kind take', () => {
    const asked: string[] = [];
    const durations: Durations = (id) => {
      asked.push(id);
      return sure(10_000);
    };
    const queue = Array.from({ length: 9 }, (_, key) => ({ key, routeClass: both, durations }));
    run([slot('a'), slot('b')], queue);
    expect(asked).toEqual(['a', 'b']);
  });
});

test('a slot that a task may not take changes nothing of its end, however soon it is free', () => {
  const durations = known({ fast: 30_000, slow: 233_000, foreign: 30_000 });
  const queue = [{ key: 0, routeClass: both, durations }];
  const slots = [slot('fast', 20_000, 1e8), slot('slow', 24_000, 1e8)];
  const alone = run(slots, queue).get(0);
  expect(alone?.finish?.p90Ms).toBeGreaterThan(100_000); // It may well become the slow one.
  expect(run([...slots, slot('foreign', 21_000, 1e8)], queue).get(0)).toEqual(alone);
});
