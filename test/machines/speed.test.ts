import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DurationBook, type KindMedian } from '../../src/machines/duration-book.ts';
import { type WorkerId, workerId } from '../../src/machines/identifiers.ts';
import { adjustedFactors } from '../../src/machines/speed.ts';

const names = ['a', 'b', 'c', 'd', 'e'].map(workerId);

function factorsOf(...factors: readonly number[]): Map<WorkerId, number> {
  return new Map(factors.map((factor, at) => [names[at] as WorkerId, factor]));
}

/** Medians as the true speeds make them, for kinds of different work. */
function mediansOf(speeds: readonly number[], kinds: readonly (readonly number[])[]): KindMedian[] {
  return kinds.flatMap((workers, kind) =>
    workers.map((at) => ({
      workerId: names[at] as WorkerId,
      kind: `kind ${kind}`,
      p50Ms: (10_000 * 3 ** (kind % 4)) / (speeds[at] ?? 1),
      runs: 20,
    })),
  );
}

function adjustTimes(rounds: number, medians: readonly KindMedian[], factors: Map<WorkerId, number>) {
  let now = factors;
  for (let round = 0; round < rounds; round += 1) now = adjustedFactors(medians, now);
  return now;
}

/** Draws in (0, 1) by a linear congruential generator: the same for the same seed. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

const geometricMean = (values: readonly number[]) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

describe('corrected performance factors', () => {
  test('come to the true ratio of two workers, by a factor of 2 at most each time', () => {
    const medians = mediansOf(
      [1, 0.13],
      [
        [0, 1],
        [0, 1],
      ],
    );
    const first = adjustedFactors(medians, factorsOf(1, 1));
    expect(first.get(names[0] as WorkerId)).toBeCloseTo(2);
    expect(first.get(names[1] as WorkerId)).toBeCloseTo(0.5);
    const [a = 0, b = 0] = adjustTimes(4, medians, factorsOf(1, 1)).values();
    expect(b / a).toBeCloseTo(0.13, 3);
    expect(a * b).toBeCloseTo(1, 3);
  });

  test('recover the true ratios within a tenth from runs of a noisy world', () => {
    const speeds = [1, 0.13, 0.4];
    fc.assert(
      fc.property(fc.nat(2 ** 31), (seed) => {
        const draw = uniform(seed);
        const book = new DurationBook();
        for (let at = 0; at < 3 * 16 * 60; at += 1) {
          const normal = Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw());
          const kind = (at >> 2) % 16;
          const durationMs = ((5_000 * (1 + kind)) / (speeds[at % 3] ?? 1)) * Math.exp(0.2 * normal);
          book.learn({
            workerId: names[at % 3] as WorkerId,
            model: null,
            taskType: `type ${kind}`,
            promptChars: 500,
            durationMs,
          });
        }
        const [a = 0, b = 0, c = 0] = adjustTimes(5, [...book.medians()], factorsOf(1, 1, 1)).values();
        expect(Math.abs(b / a / 0.13 - 1)).toBeLessThan(0.1);
        expect(Math.abs(c / a / 0.4 - 1)).toBeLessThan(0.1);
      }),
      { numRuns: 20 },
    );
  });

  test('follow a chain of workers that only neighbours have kinds in common', () => {
    const speeds = [1, 2, 0.5, 0.25, 3];
    const medians = mediansOf(speeds, [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    const adjusted = [...adjustTimes(8, medians, factorsOf(1, 1, 1, 1, 1)).values()];
    for (const [at, factor] of adjusted.entries()) {
      expect(Math.abs(factor / (adjusted[0] ?? 1) / (speeds[at] ?? 1) - 1)).toBeLessThan(0.1);
    }
  });

  test.each([0, 1, 2, 3, 4])('are not misled by one kind that is odd on one worker: kind %d', (odd) => {
    const kinds = Array.from({ length: 5 }, () => [0, 1]);
    const medians = mediansOf([1, 0.5], kinds).map((median) =>
      median.kind === `kind ${odd}` && median.workerId === names[1] ? { ...median, p50Ms: 50 } : median,
    );
    const [a = 0, b = 0] = adjustTimes(4, medians, factorsOf(100, 100)).values();
    expect(b / a).toBeCloseTo(0.5, 3);
  });

  test('lie between what two kinds say, where these count the same for a worker', () => {
    // The first says that both are as fast, and counts most for b; the second that a is four times as fast.
    const median = (kind: string, at: number, p50Ms: number, runs: number): KindMedian => ({
      workerId: names[at] as WorkerId,
      kind,
      p50Ms,
      runs,
    });
    const medians = [
      median('even', 0, 10_000, 20),
      median('even', 1, 10_000, 30),
      median('odd', 0, 10_000, 20),
      median('odd', 1, 40_000, 10),
    ];
    const [a = 0, b = 0] = adjustedFactors(medians, factorsOf(1, 1)).values();
    expect(a / b).toBeGreaterThan(1.15);
    expect(a / b).toBeLessThan(1.5);
  });

  test('do not heed kinds that one worker alone did, however many', () => {
    const compared = mediansOf([1, 0.5], [[0, 1]]);
    const alone = mediansOf([1, 0.5], [[0, 1], [0], [0], [0], [1], [1], [1]]);
    expect(adjustedFactors(alone, factorsOf(1, 1))).toEqual(adjustedFactors(compared, factorsOf(1, 1)));
  });

  test('stay when they are right, however long the chain is that compares them', () => {
    const chain = Array.from({ length: 60 }, (_, at) => ({ id: workerId(`w${at}`), factor: 1.1 ** at }));
    const medians = chain.slice(1).flatMap((worker, at) =>
      [worker, chain[at] ?? worker].map(({ id, factor }) => ({
        workerId: id,
        kind: `kind ${at}`,
        p50Ms: 10_000 / factor,
        runs: 20,
      })),
    );
    const factors = new Map(chain.map(({ id, factor }) => [id, factor]));
    expect(adjustedFactors(medians, factors)).toEqual(factors);
  });

  test('stay where nothing can be compared, and of workers that are none', () => {
    const factors = factorsOf(1, 0.3, 2);
    const medians = mediansOf([1, 9, 1, 1], [[0], [1], [2, 3]]);
    expect(adjustedFactors(medians, factors)).toEqual(factors);
    expect(adjustedFactors([], factors)).toEqual(factors);
  });

  test('stay when they are right within 5 %', () => {
    const medians = mediansOf([1, 1.09], [[0, 1]]);
    expect(adjustedFactors(medians, factorsOf(1, 1))).toEqual(factorsOf(1, 1));
    expect(adjustedFactors(mediansOf([1, 1.12], [[0, 1]]), factorsOf(1, 1))).not.toEqual(factorsOf(1, 1));
  });

  test('are compared within groups: what two groups have not in common moves neither', () => {
    const medians = [
      ...mediansOf([1, 0.8], [[0, 1]]),
      ...mediansOf([1, 1, 100, 100], [[2, 3]]).map((median) => ({ ...median, kind: 'elsewhere' })),
    ];
    const adjusted = adjustedFactors(medians, factorsOf(1, 1, 4, 4, 7));
    expect([...adjusted.values()].slice(2)).toEqual([4, 4, 7]);
    expect((adjusted.get(names[1] as WorkerId) ?? 0) / (adjusted.get(names[0] as WorkerId) ?? 1)).toBeCloseTo(
      0.8,
    );
  });

  test('stay between 0.001 and 1,000', () => {
    const adjusted = adjustTimes(40, mediansOf([1e9, 1], [[0, 1]]), factorsOf(900, 0.0015));
    expect([...adjusted.values()]).toEqual([1_000, 0.001]);
  });

  test('keep their geometric mean but for what is too little to change, and their steps, whatever was measured', () => {
    const speeds = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 5, maxLength: 5 });
    const kinds = fc.array(fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 5 }), { maxLength: 8 });
    fc.assert(
      fc.property(speeds, speeds, kinds, (truth, before, done) => {
        const medians = mediansOf(truth, [...done, [0, 1, 2, 3, 4]]);
        const after = [...adjustedFactors(medians, factorsOf(...before)).values()];
        expect(Math.abs(Math.log(geometricMean(after) / geometricMean(before)))).toBeLessThan(
          Math.log(1.051),
        );
        for (const [at, factor] of after.entries()) {
          const step = Math.abs(Math.log(factor / (before[at] ?? 1)));
          expect(step).toBeLessThan(Math.log(2.0001));
          expect(step === 0 || step > Math.log(1.0499)).toBe(true);
        }
      }),
    );
  });
});
