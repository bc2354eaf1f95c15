import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DurationEstimate } from '../../src/machines/duration-book.ts';
import { forecast } from '../../src/machines/forecast.ts';
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
