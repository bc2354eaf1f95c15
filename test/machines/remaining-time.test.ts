import fc from 'fast-check';
import { expect, test } from 'vitest';
import { remainingOf } from '../../src/machines/remaining-time.ts';

const estimate = { p50Ms: 30_000, p90Ms: 60_000, meanMs: 34_000, varianceMs2: 3e8, runs: 64 };

test('a run that has just begun has all of its time before it', () => {
  expect(remainingOf(estimate, 0)).toBe(estimate);
  const soon = remainingOf(estimate, 1);
  expect(soon.p50Ms).toBeCloseTo(29_999, -1);
  expect(soon.p90Ms).toBeCloseTo(59_999, -1);
});

test('a run that is under way has less left the longer it has lasted, as long as it is within the usual', () => {
  const left = [0, 5_000, 10_000, 15_000, 20_000].map((ms) => remainingOf(estimate, ms).p50Ms);
  expect(left).toEqual(left.toSorted((a, b) => b - a));
  expect(left.at(-1)).toBeLessThan(20_000);
});

test('a run that should long have ended is not expected to end at once', () => {
  const late = remainingOf(estimate, 120_000);
  const later = remainingOf(estimate, 1_200_000);
  expect(late.p50Ms).toBeGreaterThan(10_000);
  expect(later.p50Ms).toBeGreaterThan(late.p50Ms * 5);
});

test('the end of a steady kind comes when it always came', () => {
  const steady = { p50Ms: 10_000, p90Ms: 10_000, meanMs: 10_000, varianceMs2: 0, runs: 64 };
  const { p50Ms, p90Ms, meanMs } = remainingOf(steady, 9_000);
  for (const value of [p50Ms, p90Ms, meanMs]) {
    expect(value).toBeGreaterThan(800);
    expect(value).toBeLessThan(1_600);
  }
});

test('what remains is a finite time in order, after any time and for any estimate', () => {
  const durations = fc.double({ min: 1, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(
      durations,
      fc.double({ min: 1, max: 1e6, noNaN: true }),
      fc.nat(2 ** 40),
      (p50Ms, ratio, elapsedMs) => {
        const left = remainingOf({ ...estimate, p50Ms, p90Ms: p50Ms * ratio }, elapsedMs);
        expect(left.p50Ms).toBeGreaterThanOrEqual(0);
        expect(left.p90Ms).toBeGreaterThanOrEqual(left.p50Ms);
        expect(Number.isFinite(left.p90Ms)).toBe(true);
        expect(Number.isFinite(left.meanMs)).toBe(true);
        expect(left.varianceMs2).toBeGreaterThanOrEqual(0);
      },
    ),
  );
});

test('half of the runs that lasted so long end within the p50 of what remains', () => {
  let state = 11;
  const draw = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const lasted = Array.from({ length: 20_000 }, () => {
    const normal = Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw());
    return 30_000 * Math.exp(0.54 * normal);
  });
  for (const elapsedMs of [10_000, 30_000, 60_000]) {
    const { p50Ms } = remainingOf(estimate, elapsedMs);
    const open = lasted.filter((ms) => ms > elapsedMs);
    const share = open.filter((ms) => ms - elapsedMs <= p50Ms).length / open.length;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
  }
});

test('mean and variance of what remains are those of the runs that lasted so long', () => {
  const steady = { p50Ms: 30_000, p90Ms: 36_000, meanMs: 30_400, varianceMs2: 2.3e7, runs: 64 };
  // Log-logistic through p50 and p90, one run for each thousandth of a per cent.
  const lasted = Array.from({ length: 100_000 }, (_, at) => {
    const share = (at + 0.5) / 100_000;
    return steady.p50Ms * (share / (1 - share)) ** (Math.log(1.2) / Math.log(9));
  });
  for (const elapsedMs of [5_000, 20_000, 30_000]) {
    const open = lasted.filter((ms) => ms > elapsedMs).map((ms) => ms - elapsedMs);
    const meanMs = open.reduce((sum, ms) => sum + ms, 0) / open.length;
    const varianceMs2 = open.reduce((sum, ms) => sum + (ms - meanMs) ** 2, 0) / open.length;
    const left = remainingOf(steady, elapsedMs);
    expect(left.meanMs / meanMs).toBeGreaterThan(0.95);
    expect(left.meanMs / meanMs).toBeLessThan(1.05);
    // A few endings for all of them leave out the far end of the tail.
    expect(left.varianceMs2 / varianceMs2).toBeGreaterThan(0.7);
    expect(left.varianceMs2 / varianceMs2).toBeLessThan(1.05);
  }
});

test('of a run far beyond all others, what remains keeps its proportion to what has passed', () => {
  const steady = { p50Ms: 10_000, p90Ms: 10_000, meanMs: 10_000, varianceMs2: 0, runs: 64 };
  const late = remainingOf(steady, 19_000);
  for (const times of [1.1, 2, 1_000]) {
    const later = remainingOf(steady, 19_000 * times);
    expect(later.p50Ms / late.p50Ms).toBeCloseTo(times, 5);
    expect(later.p90Ms / late.p90Ms).toBeCloseTo(times, 5);
    expect(later.meanMs / late.meanMs).toBeCloseTo(times, 5);
  }
});
