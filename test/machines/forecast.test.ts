import { describe, expect, test } from 'vitest';
import type { DurationEstimate } from '../../src/machines/duration-book.ts';
import {
  type ForecastInput,
  forecast,
  forecastTasksMax,
  type QueuedTask,
} from '../../src/machines/forecast.ts';
import type { Preference, RouteClass } from '../../src/machines/forecast-lane.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import type { ForecastSlot } from '../../src/machines/slot-times.ts';

/** Without spread: what is predicted is then the schedule itself. */
function sure(meanMs: number): DurationEstimate {
  return { p50Ms: meanMs, p90Ms: meanMs, meanMs, varianceMs2: 0, runs: 64, basis: 'anything' };
}

function spread(meanMs: number): DurationEstimate {
  return { ...sure(meanMs), p50Ms: meanMs * 0.9, p90Ms: meanMs * 1.6, varianceMs2: (meanMs * 0.4) ** 2 };
}

function slot(name: string, freeInMs = 0, varianceMs2 = 0): ForecastSlot {
  return { workerId: workerId(name), freeIn: { meanMs: freeInMs, varianceMs2 } };
}

const anySlot = (slots: readonly ForecastSlot[]): RouteClass => ({ tiers: [slots.map((_, at) => at)] });

function tasks(count: number, routeClass: RouteClass, durations: QueuedTask<number>['durations'], from = 0) {
  return Array.from({ length: count }, (_, at) => ({ key: from + at, routeClass, durations }));
}

function run(
  slots: readonly ForecastSlot[],
  queue: readonly QueuedTask<number>[],
  parts: Partial<ForecastInput<number>> = {},
) {
  return forecast({ nowMs: 0, slots, leasesMax: 100, queue, prefers: 'less load', ...parts }).predictions;
}

const starts = (predictions: ReturnType<typeof run>) =>
  [...predictions.values()].map((each) => each?.start.p50Ms);

describe('a forecast', () => {
  test('lets tasks start now on free slots, then one by one as slots become free', () => {
    const slots = [slot('a'), slot('a', 5_000)];
    expect(
      starts(
        run(
          slots,
          tasks(5, anySlot(slots), () => sure(10_000)),
        ),
      ),
    ).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
  });

  test('is on the clock that it was given', () => {
    const slots = [slot('a', 5_000)];
    const queue = tasks(1, anySlot(slots), () => sure(10_000));
    expect(run(slots, queue, { nowMs: 1e12 }).get(0)).toEqual({
      place: 1,
      start: { p50Ms: 1e12 + 5_000, p90Ms: 1e12 + 5_000 },
      finish: { p50Ms: 1e12 + 15_000, p90Ms: 1e12 + 15_000 },
    });
  });

  test('lets a class that finds a slot pass one that does not, as dispatch does', () => {
    const slots = [slot('a', 60_000), slot('b')];
    const queue = [
      ...tasks(2, { tiers: [[0]] }, () => sure(10_000)),
      ...tasks(1, { tiers: [[1]] }, () => sure(10_000), 2),
    ];
    expect(starts(run(slots, queue))).toEqual([60_000, 70_000, 0]);
  });

  test('counts what runs elsewhere towards the limit of leases', () => {
    const slots = [slot('a'), slot('b'), slot('draining', 30_000)];
    const queue = tasks(4, { tiers: [[0, 1]] }, () => sure(10_000));
    expect(starts(run(slots, queue, { leasesMax: 2 }))).toEqual([0, 10_000, 20_000, 30_000]);
    expect(starts(run(slots, queue, { leasesMax: 0 }))).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('says nothing of a task that no slot may take', () => {
    const slots = [slot('a')];
    const queue = [
      ...tasks(1, { tiers: [] }, () => sure(10_000)),
      ...tasks(1, anySlot(slots), () => sure(10_000), 1),
    ];
    const predictions = run(slots, queue);
    expect(predictions.get(0)).toBeNull();
    expect(predictions.get(1)).toMatchObject({ place: 2, start: { p50Ms: 0 } });
  });

  test('knows the start of a task of which nothing is known, but not its end nor what comes after it', () => {
    const slots = [slot('a')];
    const predictions = run(
      slots,
      tasks(2, anySlot(slots), () => null),
    );
    expect(predictions.get(0)).toMatchObject({ start: { p50Ms: 0, p90Ms: 0 }, finish: null });
    expect(predictions.get(1)).toBeNull();
  });

  test('does not wait for a slot of which nothing is known', () => {
    const slots = [slot('a', Number.POSITIVE_INFINITY), slot('b', 5_000)];
    expect(
      starts(
        run(
          slots,
          tasks(2, anySlot(slots), () => sure(10_000)),
        ),
      ),
    ).toEqual([5_000, 15_000]);
  });

  test('takes the first tier, then by load or by speed', () => {
    const slots = [slot('slow'), slot('fast'), slot('fast')];
    const durations = (id: string) => sure(id === 'fast' ? 10_000 : 80_000);
    const finishes = (routeClass: RouteClass, prefers: Preference) =>
      [...run(slots, tasks(2, routeClass, durations), { prefers }).values()].map(
        (each) => each?.finish?.p50Ms,
      );
    expect(finishes({ tiers: [[0], [1, 2]] }, 'speed')).toEqual([80_000, 10_000]);
    expect(finishes({ tiers: [[0, 1, 2]] }, 'speed')).toEqual([10_000, 10_000]);
    expect(finishes({ tiers: [[0, 1, 2]] }, 'less load')).toEqual([10_000, 80_000]);
  });

  test('sees the load that a task behind in order, which starts before, has put on a worker', () => {
    const slots = [slot('a', 70_000), slot('a'), slot('b', 70_000)];
    const durations = (id: string) => sure(id === 'a' ? 10_000 : 20_000);
    const queue = [
      ...tasks(1, { tiers: [[0, 2]] }, durations),
      ...tasks(1, { tiers: [[1]] }, () => sure(100_000), 1),
    ];
    const finish = (ahead: readonly QueuedTask<number>[]) => run(slots, ahead).get(0)?.finish?.p50Ms;
    expect(finish(queue)).toBe(90_000);
    expect(finish(queue.slice(0, 1))).toBe(80_000);
  });

  test('reads no more of a long queue than it follows', () => {
    const slots = [slot('a')];
    let read = 0;
    function* endless(): Generator<QueuedTask<number>> {
      const routeClass = anySlot(slots);
      for (;;) {
        read += 1;
        yield { key: read, routeClass, durations: () => sure(1_000) };
      }
    }
    const input = { nowMs: 0, slots, leasesMax: 9, queue: endless(), prefers: 'speed' } as const;
    expect(forecast(input).predictions.size).toBe(forecastTasksMax);
    expect(read).toBe(forecastTasksMax);
    expect(forecast({ ...input, queue: endless(), tasksMax: 1 }).predictions.size).toBe(1);
    expect(forecast({ ...input, queue: endless(), tasksMax: 0 }).predictions.size).toBe(0);
  });

  test('becomes less certain along the queue', () => {
    const slots = [slot('a'), slot('a')];
    const predictions = [
      ...run(
        slots,
        tasks(40, anySlot(slots), () => ({ ...spread(30_000), runs: 1e9 })),
      ).values(),
    ];
    const widths = [4, 16, 39].map((at) => {
      const { p50Ms = 0, p90Ms = 0 } = predictions[at]?.start ?? {};
      return p90Ms - p50Ms;
    });
    expect(widths).toEqual(widths.toSorted((a, b) => a - b));
    expect(widths[0]).toBeGreaterThan(10_000);
    expect(widths[2]).toBeGreaterThan(2 * (widths[0] ?? 0));
  });

  test('has a p90 that allows for the slow worker, where chance decides which one it will be', () => {
    const slots = [slot('fast', 20_000, 1e8), slot('slow', 24_000, 1e8)];
    const durations = (id: string) => spread(id === 'fast' ? 30_000 : 233_000);
    const { finish } = run(slots, tasks(1, anySlot(slots), durations)).get(0) ?? {};
    expect(finish?.p50Ms).toBeLessThan(150_000);
    expect(finish?.p90Ms).toBeGreaterThan(233_000);
    const far = run(
      [slot('fast', 20_000, 1e8), slot('slow', 200_000, 1e8)],
      tasks(1, anySlot(slots), durations),
    );
    expect(far.get(0)?.finish?.p90Ms).toBeLessThan(100_000);
  });
});

test('far ahead a task is expected on the worker that does most of them, wherever the schedule puts it', () => {
  const slots = [slot('fast'), slot('slow')];
  const durations = (id: string) => spread(id === 'fast' ? 30_000 : 233_000);
  const predictions = [...run(slots, tasks(60, anySlot(slots), durations)).values()];
  for (const prediction of predictions.slice(30)) {
    const { start, finish } = prediction ?? {};
    expect((finish?.p50Ms ?? Number.NaN) - (start?.p50Ms ?? 0)).toBeLessThan(80_000);
    expect((finish?.p90Ms ?? Number.NaN) - (start?.p50Ms ?? 0)).toBeGreaterThan(100_000);
  }
});

test('many slots even out the doubt of their runs', () => {
  const widthAfter = (rounds: number, slotsInAll: number) => {
    const slots = Array.from({ length: slotsInAll }, () => slot('a'));
    const queue = tasks(rounds * slotsInAll + 1, anySlot(slots), () => ({ ...spread(30_000), runs: 1e9 }));
    const { start } = run(slots, queue).get(rounds * slotsInAll) ?? {};
    expect(start?.p50Ms).toBe(rounds * 30_000);
    return (start?.p90Ms ?? 0) - (start?.p50Ms ?? 0);
  };
  expect(widthAfter(20, 4)).toBeLessThan(0.6 * widthAfter(20, 1));
  expect(widthAfter(20, 16)).toBeLessThan(0.7 * widthAfter(20, 4));
  expect(widthAfter(20, 16)).toBeGreaterThan(0);
});

describe('the worker that a waiting task may get', () => {
  const meanMs: Readonly<Record<string, number>> = {
    fast: 30_000,
    alike: 44_000,
    middle: 90_000,
    slow: 400_000,
  };
  const durations = (id: string) => spread(meanMs[id] ?? Number.NaN);
  const finishOn = (slots: readonly ForecastSlot[]) => {
    const finish = run(slots, tasks(1, anySlot(slots), durations)).get(0)?.finish;
    return finish ?? { p50Ms: Number.NaN, p90Ms: Number.NaN };
  };
  const busyForMs = 1e7;

  test('is the one that is free now, however soon another may be', () => {
    const slots = [slot('slow'), slot('fast', 1_000, 1e8)];
    expect(finishOn(slots)).toEqual(finishOn(slots.slice(0, 1)));
    expect(finishOn(slots)).toEqual({ p50Ms: 360_000, p90Ms: 640_000 });
  });

  test('is one or the other, by how likely each is free first', () => {
    const soonest = finishOn([slot('fast', 20_000, 1e8)]);
    const slowest = finishOn([slot('slow', 20_000, 1e8)]);
    const ends = [40_000, 24_000, 20_001].map((slowMs) =>
      finishOn([slot('fast', 20_000, 1e8), slot('slow', slowMs, 1e8)]),
    );
    const tails = ends.map(({ p90Ms }) => p90Ms);
    expect(tails).toEqual(tails.toSorted((a, b) => a - b));
    for (const { p50Ms, p90Ms } of ends) {
      expect(p50Ms).toBeGreaterThan(soonest.p50Ms);
      expect(p50Ms).toBeLessThan((soonest.p50Ms + slowest.p50Ms) / 2);
      expect(p90Ms).toBeLessThan(0.95 * slowest.p90Ms);
    }
  });

  test.each([
    ['far faster', 'slow', 'middle', 'fast'],
    ['a little faster', 'alike', 'slow', 'fast'],
    ['far slower', 'fast', 'middle', 'slow'],
  ])('is hardly one that is busy for hours, be it %s', (_what, first, second, busy) => {
    const slots = [slot(first, 20_000, 1e8), slot(second, 24_000, 1e8)];
    const without = finishOn(slots);
    const withBusy = finishOn([...slots, slot(busy, busyForMs)]);
    expect(Math.abs(withBusy.p50Ms / without.p50Ms - 1)).toBeLessThan(0.06);
    expect(Math.abs(withBusy.p90Ms / without.p90Ms - 1)).toBeLessThan(0.06);
  });
});
