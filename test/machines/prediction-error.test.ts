import { expect, test } from 'vitest';
import { PredictionError } from '../../src/machines/prediction-error.ts';

const span = (p50Ms: number, p90Ms = p50Ms * 2) => ({ p50Ms, p90Ms });

test('nothing is said before the first prediction came true', () => {
  expect(new PredictionError().summary()).toBeNull();
});

test('errors are measured by what really was', () => {
  const error = new PredictionError();
  error.note(span(10_000), 20_000);
  error.note(span(10_000), 10_000);
  error.note(span(10_000), 8_000);
  error.note(span(10_000), 50_000);
  const summary = error.summary();
  expect(summary).toMatchObject({ runs: 4, withinP90: 0.75 });
  expect(summary?.medianError).toBeCloseTo((0.25 + 0.5) / 2);
  expect(summary?.meanError).toBeCloseTo((0.5 + 0 + 0.25 + 0.8) / 4);
  expect(summary?.bias).toBeCloseTo(40 / 88 - 1);
});

test('the bias is above 0 when too much time was said', () => {
  const error = new PredictionError();
  for (let run = 0; run < 9; run += 1) error.note(span(15_000), 10_000);
  expect(error.summary()).toMatchObject({ bias: 0.5, medianError: 0.5 });
});

test('the last 256 count', () => {
  const error = new PredictionError();
  for (let run = 0; run < 300; run += 1) error.note(span(90_000), 10_000);
  for (let run = 0; run < 256; run += 1) error.note(span(10_000), 10_000);
  expect(error.summary()).toEqual({ runs: 256, medianError: 0, meanError: 0, withinP90: 1, bias: 0 });
});

test('a task that was over at once is a finite error, and one that never ends is none', () => {
  const error = new PredictionError();
  error.note(span(5), 0);
  error.note(span(5), Number.POSITIVE_INFINITY);
  expect(error.summary()).toMatchObject({ runs: 1, medianError: 4 });
});
