import fc from 'fast-check';
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
    expect(predictions.get(0)).toMatchObject({ start: { p50Ms: 0 }, finish: null });
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

const worlds = fc.record({
  slots: fc.array(
    fc.record({ worker: fc.constantFrom('a', 'b', 'c'), freeInMs: fc.constantFrom(0, 0, 3, 7, 20) }),
    { minLength: 1, maxLength: 6 },
  ),
  classes: fc.array(fc.array(fc.nat(5), { maxLength: 6 }), { minLength: 1, maxLength: 3 }),
  queue: fc.array(fc.record({ inClass: fc.nat(2), ms: fc.integer({ min: 1, max: 30 }) }), { maxLength: 30 }),
  leasesMax: fc.integer({ min: 1, max: 7 }),
  prefers: fc.constantFrom<Preference>('less load', 'speed'),
});
type World = typeof worlds extends fc.Arbitrary<infer W> ? W : never;
const slowness: Readonly<Record<string, number>> = { a: 1, b: 3, c: 8 };

function inputOf({ slots: drawn, classes, queue, leasesMax, prefers }: World, estimate: typeof sure) {
  // A worker's slots stand together, and a class names a slot once: in the first tier that has it.
  const slots = drawn
    .toSorted((a, b) => (a.worker < b.worker ? -1 : 1))
    .map(({ worker, freeInMs }) => slot(worker, freeInMs, estimate(freeInMs).varianceMs2));
  const routes = classes.map((named): RouteClass => {
    const own = [...new Set(named)].filter((at) => at < slots.length);
    return { tiers: [own.slice(0, 2), own.slice(2)] };
  });
  return {
    nowMs: 0,
    slots,
    leasesMax,
    prefers,
    queue: queue.map(({ inClass, ms }, key) => ({
      key,
      routeClass: routes[inClass % routes.length] as RouteClass,
      durations: (id: string) => estimate(ms * (slowness[id] ?? 1)),
    })),
  };
}

type Input = ReturnType<typeof inputOf>;

/** The pool's dispatch in the plainest words: at each moment, each task in order takes the best slot that is free. */
function played({
  slots,
  queue,
  leasesMax,
  prefers,
}: Input): Map<number, { startMs: number; endMs: number }> {
  const free = slots.map(({ freeIn }) => freeIn.meanMs);
  const done = new Map<number, { startMs: number; endMs: number }>();
  const takenAt = (ms: number, at: readonly number[]) => at.filter((each) => (free[each] ?? 0) > ms).length;
  const all = slots.map((_, at) => at);
  for (let nowMs: number | undefined = 0; nowMs !== undefined; ) {
    const now: number = nowMs;
    for (const task of queue) {
      if (done.has(task.key) || takenAt(now, all) >= leasesMax) continue;
      const tier = task.routeClass.tiers.find((own) => own.some((at) => (free[at] ?? 0) <= now)) ?? [];
      const [best] = tier
        .filter((at) => (free[at] ?? 0) <= now)
        .map((at) => {
          const id = slots[at]?.workerId;
          const mates = all.filter((each) => slots[each]?.workerId === id);
          const load = takenAt(now, mates) / mates.length;
          const ms = task.durations(id ?? '').meanMs;
          return { at, ms, order: prefers === 'speed' ? [ms, load, at] : [load, ms, at] };
        })
        .sort(
          (a, b) => a.order.map((part, nth) => part - (b.order[nth] ?? 0)).find((part) => part !== 0) ?? 0,
        );
      if (best === undefined) continue;
      free[best.at] = now + best.ms;
      done.set(task.key, { startMs: now, endMs: now + best.ms });
    }
    nowMs = free.filter((ms) => ms > now).sort((a, b) => a - b)[0];
  }
  return done;
}

describe('the schedule behind a forecast', () => {
  test('is that of the dispatch, played step by step', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const input = inputOf(world, sure);
        const expected = played(input);
        for (const [key, prediction] of forecast(input).predictions) {
          expect(prediction?.start.p50Ms).toBe(expected.get(key)?.startMs);
          expect(prediction?.finish?.p50Ms).toBe(expected.get(key)?.endMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('never has more running than there are leases, or slots that may run them', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const input = inputOf(world, sure);
        const { predictions } = forecast(input);
        const spans = input.queue.flatMap(({ key, routeClass }) => {
          const prediction = predictions.get(key);
          const finishMs = prediction?.finish?.p50Ms;
          return prediction && finishMs !== undefined
            ? [{ startMs: prediction.start.p50Ms, finishMs, routeClass }]
            : [];
        });
        for (const { startMs, routeClass } of spans) {
          const under = spans.filter((other) => other.startMs <= startMs && startMs < other.finishMs);
          const before = input.slots.filter(({ freeIn }) => freeIn.meanMs > startMs).length;
          expect(under.length + before).toBeLessThanOrEqual(Math.min(input.leasesMax, input.slots.length));
          const own = under.filter((other) => other.routeClass === routeClass);
          expect(own.length).toBeLessThanOrEqual(routeClass.tiers.flat().length);
        }
      }),
    );
  });

  test('keeps the order within a class and the order of quantiles, with any doubt', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const input = inputOf(world, spread);
        const last = new Map<RouteClass, number>();
        const { predictions } = forecast(input);
        for (const { key, routeClass } of input.queue) {
          const prediction = predictions.get(key);
          if (!prediction) continue;
          const { start, finish, place } = prediction;
          expect(place).toBe(key + 1);
          expect(start.p50Ms).toBeGreaterThanOrEqual(last.get(routeClass) ?? 0);
          expect(start.p90Ms).toBeGreaterThanOrEqual(start.p50Ms);
          expect(finish?.p50Ms).toBeGreaterThanOrEqual(start.p50Ms);
          expect(finish?.p90Ms).toBeGreaterThanOrEqual(Math.max(finish?.p50Ms ?? 0, start.p90Ms));
          last.set(routeClass, start.p50Ms);
        }
      }),
    );
  });
});
