import { describe, expect, test } from 'vitest';
import type { DurationEstimate } from '../../src/machines/duration-book.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { LaneSpeeds } from '../../src/machines/lane-speeds.ts';

function estimate(meanMs: number, parts: Partial<DurationEstimate> = {}): DurationEstimate {
  return {
    p50Ms: meanMs,
    p90Ms: meanMs,
    meanMs,
    varianceMs2: 0,
    runs: 64,
    basis: 'anything',
    ...parts,
  };
}

/** Workers in their order, each with so many slots; nothing is known of one without an estimate. */
function speedsOf(workers: readonly { estimate: DurationEstimate | null; slots?: number }[]): LaneSpeeds {
  let slots = 0;
  const known = new Map<string, DurationEstimate | null>();
  const laneWorkers = workers.map(({ estimate: own, slots: count = 1 }, at) => {
    const from = slots;
    slots += count;
    known.set(`w${at}`, own);
    return { workerId: workerId(`w${at}`), slots: Array.from({ length: count }, (_, each) => from + each) };
  });
  return new LaneSpeeds(laneWorkers, slots, (id) => known.get(id) ?? null);
}

const withMeans = (...meansMs: readonly number[]) =>
  speedsOf(meansMs.map((meanMs) => ({ estimate: estimate(meanMs) })));

test('each slot has the duration of its worker, and none where nothing is known', () => {
  const own = estimate(10_000);
  const { durations, perMs } = speedsOf([{ estimate: own, slots: 2 }, { estimate: null }]);
  expect(durations).toEqual([own, own, undefined]);
  expect(perMs).toBe(2 / 10_000);
});

describe('workers that take about as long', () => {
  test.each([
    ['one alone', [10_000]],
    ['all the same', [10_000, 10_000, 10_000]],
    ['one slower by a little', [14_000, 10_000]],
    ['one slower by half, and no more', [10_000, 15_000]],
  ])('are in no groups: %s', (_what, meansMs) => {
    const { groups, groupOf } = withMeans(...meansMs);
    expect(groups).toEqual([]);
    expect([...groupOf]).toEqual([]);
  });
});

describe('workers of different speeds', () => {
  test('are cut where one takes half as long again as the first of its group, the fastest first', () => {
    const { groups, groupOf } = withMeans(40_000, 16_000, 10_000, 24_000, 15_000);
    expect([...groupOf]).toEqual([2, 1, 0, 1, 0]);
    expect(groups.map(({ duration }) => Math.round(duration.meanMs))).toEqual([12_000, 19_200, 40_000]);
  });

  test('have no group for the slots of a worker of which nothing is known', () => {
    const { groupOf } = speedsOf([
      { estimate: null, slots: 2 },
      { estimate: estimate(40_000), slots: 2 },
      { estimate: estimate(10_000) },
    ]);
    expect([...groupOf]).toEqual([-1, -1, 1, 1, 0]);
  });

  test('count in their group by how many runs each does, and doubt it by their difference too', () => {
    const { groups } = speedsOf([
      { estimate: estimate(60_000), slots: 4 },
      // Of three runs in this group one is done here …
      { estimate: estimate(12_000, { p50Ms: 9_000, p90Ms: 18_000, varianceMs2: 1e6 }), slots: 2 },
      // … and two are done here: of a mean of 14 s the ones are 2 s off, the others 1 s.
      { estimate: estimate(15_000, { p50Ms: 12_000, p90Ms: 24_000, varianceMs2: 7e6, runs: 7 }), slots: 5 },
    ]);
    expect(groups[0]?.share).toBeCloseTo(15 / 17, 9);
    expect(groups[1]?.share).toBeCloseTo(2 / 17, 9);
    const { p50Ms, p90Ms, meanMs, varianceMs2, runs } = groups[0]?.duration ?? estimate(Number.NaN);
    expect([p50Ms, p90Ms, meanMs, varianceMs2].map(Math.round)).toEqual([11_000, 22_000, 14_000, 7e6]);
    // What is said of them together is no surer than the one that is known least.
    expect(runs).toBe(7);
  });
});
