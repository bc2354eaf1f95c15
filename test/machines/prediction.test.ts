import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finishSpan, oneOf, startSpan, withinOneRun } from '../../src/machines/prediction.ts';

const duration = { p50Ms: 30_000, p90Ms: 55_000, meanMs: 34_000, varianceMs2: 2e8, runs: 64 };
const sure = { varianceMs2: 0, offMs: 0 };

test('a task that begins at once has the span of its own duration', () => {
  const start = startSpan(0, sure, 1, duration.meanMs);
  expect(start).toMatchObject({ p50Ms: 0, p90Ms: 0 });
  expect(finishSpan(start, duration)).toEqual({ p50Ms: 30_000, p90Ms: 55_000 });
});

test('far ahead the middle of a finish moves to the mean of the duration', () => {
  const finish = finishSpan(startSpan(1e6, { varianceMs2: 1e12, offMs: 0 }, 1, 1e9), duration);
  expect(finish.p50Ms).toBeCloseTo(1e6 + duration.meanMs, -1);
});

test('a start as uncertain as the duration moves the middle half of the way to the mean', () => {
  const start = startSpan(1e6, { varianceMs2: duration.varianceMs2, offMs: 0 }, 1, duration.meanMs);
  expect(finishSpan(start, duration).p50Ms).toBeCloseTo(1e6 + (duration.p50Ms + duration.meanMs) / 2, 6);
});

test('many slots even out what each of them makes uncertain, but for the moment within one run', () => {
  const alone = startSpan(1e6, { varianceMs2: 9e10, offMs: 0 }, 1, 30_000);
  const oneOfMany = startSpan(1e6, { varianceMs2: 9e10, offMs: 0 }, 0.01, 30_000);
  expect(alone.varianceMs2).toBe(9e10);
  expect(oneOfMany.varianceMs2).toBeCloseTo(9e8 + 0.99 * withinOneRun(9e10, 30_000), -1);
});

test('an error of the mean stays, however many slots there are', () => {
  expect(startSpan(1e6, { varianceMs2: 0, offMs: 10_000 }, 0.01, 30_000).varianceMs2).toBe(1e8);
});

test('no finish is before its start, and no p90 before its p50', () => {
  const ms = fc.double({ min: 1, max: 1e8, noNaN: true });
  fc.assert(
    fc.property(
      fc.record({ startMs: ms, sdMs: ms, offMs: ms, share: fc.double({ min: 0.001, max: 1, noNaN: true }) }),
      fc.record({ p50Ms: ms, over: ms, meanMs: ms, sdMs: ms }),
      ({ startMs, sdMs, offMs, share }, { p50Ms, over, meanMs, sdMs: ownMs }) => {
        const start = startSpan(startMs, { varianceMs2: sdMs ** 2, offMs }, share, meanMs);
        const figures = { p50Ms, p90Ms: p50Ms + over, meanMs, varianceMs2: ownMs ** 2, runs: 9 };
        const finish = finishSpan(start, figures);
        expect(start.p90Ms).toBeGreaterThanOrEqual(start.p50Ms);
        expect(finish.p50Ms).toBeGreaterThanOrEqual(start.p50Ms);
        expect(finish.p90Ms).toBeGreaterThanOrEqual(Math.max(finish.p50Ms, start.p90Ms) * (1 - 1e-9));
      },
    ),
  );
});

test('of two ways a task may go, the likely one says the middle and the unlikely one the tail', () => {
  const fast = { p50Ms: 30_000, p90Ms: 40_000 };
  const slow = { p50Ms: 230_000, p90Ms: 260_000 };
  const likelyFast = oneOf([fast, slow], [0.8, 0.2]);
  expect(likelyFast.p50Ms).toBeLessThan(40_000);
  expect(likelyFast.p90Ms).toBeGreaterThan(200_000);
  expect(oneOf([fast, slow], [0.2, 0.8]).p50Ms).toBeGreaterThan(200_000);
});

test('one sure way is that way, to a thousandth', () => {
  const only = { p50Ms: 30_000, p90Ms: 40_000 };
  const span = oneOf([only, { p50Ms: 60_000, p90Ms: 90_000 }], [1, 0]);
  expect(Math.abs(span.p50Ms - only.p50Ms)).toBeLessThan(60);
  expect(Math.abs(span.p90Ms - only.p90Ms)).toBeLessThan(60);
});
