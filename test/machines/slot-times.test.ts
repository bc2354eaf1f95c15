import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DurationFigures } from '../../src/machines/duration-ring.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { type ForecastSlot, SlotTimes } from '../../src/machines/slot-times.ts';

function slot(name: string, freeInMs = 0, varianceMs2 = 0): ForecastSlot {
  return { workerId: workerId(name), freeIn: { meanMs: freeInMs, varianceMs2 } };
}

/** The mean of four runs, each off by 2 s, is off by 1 s. */
function runOf(meanMs: number): DurationFigures {
  return { p50Ms: meanMs, p90Ms: meanMs, meanMs, varianceMs2: 4e6, runs: 4 };
}

const sure = { varianceMs2: 0, offMs: 0 };

test('the load of a worker is the part of its own slots that are taken then', () => {
  const times = new SlotTimes([slot('a'), slot('b', 9_000), slot('a', 5_000), slot('a', 9_000)], 100);
  expect([0, 2, 3].map((at) => times.loadAt(1_000, at))).toEqual([2 / 3, 2 / 3, 2 / 3]);
  expect(times.loadAt(1_000, 1)).toBe(1);
  expect(times.loadAt(5_000, 0)).toBe(1 / 3);
  expect(times.loadAt(9_000, 1)).toBe(0);
});

test('slots stay in the order in which they are free, and those of one time in their own order', () => {
  const freeInMs = fc.constantFrom(0, 5, 10, Number.POSITIVE_INFINITY);
  const take = fc.record({ slot: fc.nat(4), runMs: fc.constantFrom(5, 10, null) });
  fc.assert(
    fc.property(
      fc.array(freeInMs, { minLength: 5, maxLength: 5 }),
      fc.array(take, { maxLength: 12 }),
      (free, takes) => {
        const times = new SlotTimes(
          free.map((ms) => slot('a', ms)),
          100,
        );
        const sorted = () =>
          free
            .map((_, at) => at)
            .toSorted((a, b) =>
              times.freeMs[a] === times.freeMs[b] ? a - b : Number(times.freeMs[a]) - Number(times.freeMs[b]),
            );
        expect(times.order).toEqual(sorted());
        for (const { slot: at, runMs } of takes) {
          const startMs = times.freeMs[at] ?? Number.NaN;
          if (startMs === Number.POSITIVE_INFINITY) continue;
          times.take(at, startMs, sure, runMs === null ? null : runOf(runMs));
          expect(times.freeMs[at]).toBe(startMs + (runMs ?? Number.POSITIVE_INFINITY));
          expect(times.order).toEqual(sorted());
        }
      },
    ),
  );
});

describe('how sure a slot is', () => {
  test('gets less with each run on it: variances add up, and so does what the means are off by', () => {
    const times = new SlotTimes([slot('a', 3_000, 1e6)], 100);
    expect(times.doubt(0, 3_000)).toEqual({ varianceMs2: 1e6, offMs: 0 });
    times.take(0, 3_000, times.doubt(0, 3_000), runOf(10_000));
    expect(times.doubt(0, 13_000)).toEqual({ varianceMs2: 5e6, offMs: 1_000 });
    times.take(0, 13_000, times.doubt(0, 13_000), runOf(10_000));
    expect(times.doubt(0, 23_000)).toEqual({ varianceMs2: 9e6, offMs: 2_000 });
  });

  test('is, while it waits for the limit of leases, as sure as the run whose end makes room', () => {
    const times = new SlotTimes([slot('a', 0, 1e6), slot('b')], 1);
    times.take(1, 0, sure, runOf(10_000));
    expect(times.roomMs).toBe(10_000);
    expect(times.doubt(0, 10_000)).toEqual({ varianceMs2: 4e6, offMs: 1_000 });
  });

  test('is no surer for waiting', () => {
    const times = new SlotTimes([slot('a'), slot('b', 30_000)], 1);
    times.take(0, 0, { varianceMs2: 1e6, offMs: 500 }, runOf(10_000));
    expect(times.roomMs).toBe(30_000);
    expect(times.doubt(0, 30_000)).toEqual({ varianceMs2: 5e6, offMs: 1_500 });
  });

  test('does not depend on who makes room when it is busy until then itself', () => {
    const times = new SlotTimes([slot('a'), slot('b', 5_000, 9e6), slot('c', 5_000, 1e6)], 2);
    expect(times.roomMs).toBe(5_000);
    expect(times.doubt(2, 5_000)).toEqual({ varianceMs2: 1e6, offMs: 0 });
  });

  test.each([2, 3])('does not depend on others where all may be taken at once: %i leases for 2', (leases) => {
    const times = new SlotTimes([slot('a', 0, 9e6), slot('b', 3_000, 1e6)], leases);
    expect(times.doubt(1, 5_000)).toEqual({ varianceMs2: 1e6, offMs: 0 });
  });
});
