import { describe, expect, test } from 'vitest';
import { DurationRing, spreadGuess, type Weights } from '../../src/machines/duration-ring.ts';
import { workerId } from '../../src/machines/identifiers.ts';

const [fast, slow] = [workerId('fast'), workerId('slow')];

function ringOf(...durationsMs: readonly number[]): DurationRing {
  const ring = new DurationRing();
  for (const durationMs of durationsMs) ring.add(fast, durationMs);
  return ring;
}

const times = (count: number, durationMs: number) => Array.from({ length: count }, () => durationMs);

test('a ring counts its runs, from none on', () => {
  expect(ringOf().runs).toBe(0);
  expect(ringOf(10_000, 20_000).runs).toBe(2);
  expect(ringOf(10_000, 20_000).figures().runs).toBe(2);
});

describe('the figures', () => {
  test('have a median between the two runs in the middle', () => {
    expect(ringOf(10_000, 20_000).figures().p50Ms).toBe(15_000);
    expect(ringOf(90_000, 20_000, 10_000, 40_000).figures().p50Ms).toBe(30_000);
  });

  test('have the variance of a sample of so many runs', () => {
    expect(ringOf(10_000, 30_000, 20_000).figures()).toMatchObject({ meanMs: 20_000, varianceMs2: 1e8 });
    expect(ringOf(10_000, 10_000, 20_000, 20_000).figures().varianceMs2).toBeCloseTo(1e8 / 3, 3);
    expect(ringOf(10_000, 10_000).figures().varianceMs2).toBe(0);
  });

  test('guess the spread from the mean as long as there is one run', () => {
    expect(ringOf(10_000).figures().varianceMs2).toBe((spreadGuess * 10_000) ** 2);
  });

  test('count a run far out as four times the rest, where the rest is all alike', () => {
    expect(ringOf(...times(8, 10_000), 1e7).figures().meanMs).toBeCloseTo((8 * 10_000 + 40_000) / 9, 6);
  });

  test('leave a run farther out as it is, where the middle half spreads wide', () => {
    // The middle half spans a factor of 2, and three such spans above it is 8.
    const wide = [...times(4, 10_000), ...times(4, 20_000)];
    const meanWith = (lastMs: number) => ringOf(...wide, lastMs).figures().meanMs;
    expect(meanWith(150_000)).toBeCloseTo((120_000 + 150_000) / 9, 6);
    expect(meanWith(160_000)).toBeCloseTo((120_000 + 160_000) / 9, 6);
    expect(meanWith(1e7)).toBeCloseTo((120_000 + 160_000) / 9, 6);
  });
});

describe('figures that were asked for', () => {
  test('are kept until another run comes', () => {
    const ring = ringOf(10_000, 20_000);
    const before = ring.figures();
    expect(ring.figures()).toBe(before);
    ring.add(fast, 30_000);
    expect(ring.figures()).toMatchObject({ p50Ms: 20_000, runs: 3 });
  });

  test('are kept until a weight changes, and weigh the runs of each worker by its own', () => {
    const ring = ringOf(10_000);
    ring.add(slow, 80_000);
    const weighing = (revision: number, ofSlow: number): Weights => ({
      revision,
      of: (worker) => (worker === slow ? ofSlow : 1),
    });
    const before = ring.figures(weighing(1, 0.125));
    expect(before).toMatchObject({ p50Ms: 10_000, meanMs: 10_000, varianceMs2: 0 });
    expect(ring.figures(weighing(1, 0.125))).toBe(before);
    expect(ring.figures(weighing(2, 0.25)).p50Ms).toBe(15_000);
  });
});
