import { describe, expect, test } from 'vitest';
import {
  DurationBook,
  type DurationEstimate,
  durationsNow,
  type RunQuery,
  runsEnough,
} from '../../src/machines/duration-book.ts';
import { spreadGuess } from '../../src/machines/duration-ring.ts';
import { deviationsOfP90 } from '../../src/machines/prediction.ts';
import { learnAll, otherWorker, query, times } from '../support/duration-samples.ts';

const mixed = [11_000, 13_000, 17_000, 19_000, 23_000, 29_000, 31_000];

function known(book: DurationBook, parts: Partial<RunQuery> = {}): DurationEstimate {
  const estimate = book.estimate({ ...query, ...parts });
  if (estimate === null) throw new Error('the book knows nothing of it');
  return estimate;
}

/** Standard deviation over mean. */
const spreadOf = ({ varianceMs2, meanMs }: DurationEstimate) => Math.sqrt(varianceMs2) / meanMs;

describe('the figures of an estimate', () => {
  test.each([
    1, 2, 3, 4,
  ])('of %d equal runs alone leave room above them, the less the more there are', (runs) => {
    const { p50Ms, p90Ms, meanMs, varianceMs2 } = known(learnAll(new DurationBook(), times(runs, 30_000)));
    const guessed = 1 - runs / runsEnough;
    expect([p50Ms, meanMs]).toEqual([expect.closeTo(30_000), expect.closeTo(30_000)]);
    expect(p90Ms).toBeCloseTo(30_000 * (1 + deviationsOfP90 * spreadGuess) ** guessed);
    // Of a single run the spread is a guess in any case.
    expect(Math.sqrt(varianceMs2)).toBeCloseTo(30_000 * spreadGuess * (runs === 1 ? 1 : guessed));
  });

  test('are all scaled by the ratio of the factors, where the runs are those of another worker', () => {
    const book = learnAll(new DurationBook(), mixed, { workerId: otherWorker });
    const own = known(book, { workerId: otherWorker });
    book.setFactors([
      [query.workerId, 0.5],
      [otherWorker, 2],
    ]);
    const scaled = known(book);
    expect(scaled.p50Ms).toBeCloseTo(own.p50Ms * 4);
    expect(scaled.p90Ms).toBeCloseTo(own.p90Ms * 4);
    expect(scaled.meanMs).toBeCloseTo(own.meanMs * 4);
    expect(Math.sqrt(scaled.varianceMs2)).toBeCloseTo(Math.sqrt(own.varianceMs2) * 4);
  });

  test.each([0.07, 0.13, 0.3, 1.7, 49])('of what was measured do not change with the factor %d', (factor) => {
    const book = learnAll(new DurationBook(), mixed);
    const before = known(book);
    book.setFactors([[query.workerId, factor]]);
    expect(known(book)).toEqual(before);
  });

  test('go from those of the coarser comparison to those of the nearer one by the share of the runs that it lacks', () => {
    const book = learnAll(new DurationBook(), [...mixed, ...mixed], { taskType: 'translation' });
    learnAll(book, [90_000]);
    const coarse = known(book, { taskType: 'never seen' });
    const nearSpread = spreadGuess; // A single run tells nothing of it.
    const share = 1 / runsEnough;
    const estimate = known(book);
    expect(estimate.basis).toBe('worker and model');
    expect(estimate.meanMs).toBeCloseTo(coarse.meanMs ** (1 - share) * 90_000 ** share);
    expect(spreadOf(coarse)).not.toBeCloseTo(nearSpread, 1);
    expect(spreadOf(estimate)).toBeCloseTo((1 - share) * spreadOf(coarse) + share * nearSpread);
  });
});

test('a comparison with just enough runs stands alone', () => {
  const book = learnAll(new DurationBook(), times(60, 10_000), { taskType: 'translation' });
  learnAll(book, times(runsEnough, 40_000));
  expect(known(book)).toMatchObject({
    basis: 'worker, model, type and length',
    runs: runsEnough,
    p50Ms: 40_000,
  });
});

describe('kinds of runs', () => {
  test('are one for all prompts that are too short to take time, and double in length from there', () => {
    const durationsOf = durationsNow(new DurationBook());
    const ofLength = (promptChars: number) => durationsOf({ ...query, promptChars });
    for (const promptChars of [0, 3, 20]) expect(ofLength(promptChars)).toBe(ofLength(63));
    expect(ofLength(64)).not.toBe(ofLength(63));
    expect(ofLength(127)).toBe(ofLength(64));
    expect(ofLength(128)).not.toBe(ofLength(64));
  });

  test('have names of their own, however the names of model and type are cut', () => {
    const book = learnAll(new DurationBook(), times(runsEnough, 10_000), { model: 'ab', taskType: 'c' });
    learnAll(book, times(runsEnough, 10_000), { model: 'a', taskType: 'bc' });
    expect(new Set([...book.medians()].map(({ kind }) => kind)).size).toBe(2);
  });
});
