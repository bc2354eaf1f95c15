import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DurationBook, durationsNow, type Run, runsEnough } from '../../src/machines/duration-book.ts';
import { ringRuns } from '../../src/machines/duration-ring.ts';
import { bookOf, learnAll, otherWorker, query, times } from '../support/duration-samples.ts';

const durations = fc.array(fc.double({ min: 1, max: 1e8, noNaN: true }), {
  minLength: runsEnough,
  maxLength: 200,
});

describe('an estimate', () => {
  test('is none before the first run of all', () => {
    expect(new DurationBook().estimate(query)).toBeNull();
    expect(new DurationBook().remaining(query, 5)).toBeNull();
  });

  test('lies within what the last runs of exactly this kind took', () => {
    fc.assert(
      fc.property(durations, (durationsMs) => {
        const last = durationsMs.slice(-ringRuns);
        const estimate = bookOf(durationsMs).estimate(query);
        expect(estimate).toMatchObject({ basis: 'worker, model, type and length', runs: last.length });
        for (const value of [estimate?.p50Ms, estimate?.p90Ms, estimate?.meanMs]) {
          expect(value).toBeGreaterThanOrEqual(Math.min(...last) * (1 - 1e-9));
          expect(value).toBeLessThanOrEqual(Math.max(...last) * (1 + 1e-9));
        }
        expect(estimate?.varianceMs2).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('never has a p90 below its p50, however little is known and of whom', () => {
    const runs = fc.array(
      fc.record({
        workerId: fc.constantFrom(query.workerId, otherWorker),
        model: fc.constantFrom(null, 'gpt-oss:20b'),
        taskType: fc.constantFrom('general', 'translation'),
        promptChars: fc.nat(10_000),
        durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(
        runs,
        fc.double({ min: 0.001, max: 1_000, noNaN: true }),
        fc.nat(1e9),
        (learned, factor, ms) => {
          const book = new DurationBook();
          book.setFactors([[otherWorker, factor]]);
          for (const run of learned) book.learn(run);
          for (const estimate of [book.estimate(query), book.remaining(query, ms)]) {
            expect(estimate?.p90Ms).toBeGreaterThanOrEqual((estimate?.p50Ms ?? Number.NaN) * (1 - 1e-9));
            expect(estimate?.varianceMs2).toBeGreaterThanOrEqual(0);
            expect(Number.isFinite(estimate?.meanMs)).toBe(true);
          }
        },
      ),
    );
  });

  test.each<[string, Partial<Run>]>([
    ['worker, model, type and length', {}],
    ['worker, model and type', { promptChars: 50_000 }],
    ['worker and model', { taskType: 'translation' }],
    ['model, type and length on other workers', { workerId: otherWorker }],
    ['model on other workers', { workerId: otherWorker, taskType: 'translation' }],
    ['worker', { model: 'gemma3' }],
    ['anything', { workerId: otherWorker, model: 'gemma3' }],
  ])('falls back to coarser comparisons one by one: %s', (basis, parts) => {
    expect(bookOf(times(runsEnough, 30_000), parts).estimate(query)).toMatchObject({ basis, p50Ms: 30_000 });
  });

  test('takes the nearest comparison that has enough runs', () => {
    const book = bookOf(times(runsEnough, 30_000));
    learnAll(book, times(60, 90_000), { taskType: 'translation' });
    expect(book.estimate(query)?.p50Ms).toBe(30_000);
  });

  test('moves from the coarser comparison to the nearer one with each run', () => {
    const book = bookOf(times(60, 10_000), { taskType: 'translation' });
    const seen = [book.estimate(query)?.p50Ms ?? 0];
    for (let run = 0; run < runsEnough; run += 1) {
      learnAll(book, [40_000]);
      seen.push(book.estimate(query)?.p50Ms ?? 0);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect([seen[0], seen.at(-1)]).toEqual([10_000, 40_000]);
    expect(new Set(seen).size).toBe(runsEnough + 1);
  });

  test('scales the runs of other workers by the ratio of the factors, both as they are now', () => {
    const book = bookOf(times(20, 30_000), { workerId: otherWorker });
    book.setFactors([
      [query.workerId, 0.13],
      [otherWorker, 1],
    ]);
    expect(book.estimate(query)?.p50Ms).toBeCloseTo(30_000 / 0.13);
    book.setFactors([[otherWorker, 0.5]]);
    expect(book.estimate(query)?.p50Ms).toBeCloseTo(15_000 / 0.13);
  });

  test('leaves what was measured on the worker itself alone when its factor changes', () => {
    const book = bookOf(times(20, 30_000));
    book.setFactors([[query.workerId, 8]]);
    expect(book.estimate(query)?.p50Ms).toBe(30_000);
  });

  test('is not spoiled by one run of ten hours', () => {
    const tenHours = 36_000_000;
    const calm = [28_000, 29_000, 30_000, 31_000, 32_000, 30_000, 29_500, 30_500];
    const estimate = bookOf([...calm, tenHours]).estimate(query);
    expect(estimate?.p50Ms).toBe(30_000);
    expect(estimate?.meanMs).toBeLessThan(50_000);
    const single = learnAll(bookOf(calm, { taskType: 'translation' }), [tenHours]).estimate(query);
    expect(single?.p50Ms).toBeLessThan(150_000);
  });

  test('keeps both speeds of a kind that has two', () => {
    const estimate = bookOf(Array.from({ length: 60 }, (_, at) => (at % 4 === 0 ? 30_000 : 10_000))).estimate(
      query,
    );
    expect(estimate?.p90Ms).toBe(30_000);
    expect(estimate?.meanMs).toBeCloseTo(15_000, -1);
  });

  test('of a single run leaves room above it', () => {
    const estimate = bookOf([30_000]).estimate(query);
    expect(estimate?.p50Ms).toBeCloseTo(30_000);
    expect(estimate?.p90Ms).toBeGreaterThan(40_000);
  });

  test('has forgotten the old speed after one ring of runs, and leans to the new one after half', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 1, max: 1e7, noNaN: true }), (before, nowMs) => {
        const book = learnAll(bookOf(before), times(ringRuns / 2 + 1, nowMs));
        if (before.length >= ringRuns) expect(book.estimate(query)?.p50Ms).toBeCloseTo(nowMs, 3);
        learnAll(book, times(ringRuns, nowMs));
        const { p50Ms, p90Ms, meanMs } = book.estimate(query) ?? {};
        for (const value of [p50Ms, p90Ms, meanMs]) expect(value).toBeCloseTo(nowMs, 3);
      }),
    );
  });

  test('has a p90 that nine of ten of the next runs keep, also after five', () => {
    let state = 7;
    const draw = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return 10_000 + (state / 2 ** 32) * 50_000;
    };
    const kept = (runs: number) => {
      let within = 0;
      for (let round = 0; round < 400; round += 1) {
        const estimate = bookOf(Array.from({ length: runs }, draw)).estimate(query);
        if (draw() <= (estimate?.p90Ms ?? 0)) within += 1;
      }
      return within / 400;
    };
    expect(kept(60)).toBeGreaterThan(0.86);
    expect(kept(60)).toBeLessThan(0.94);
    expect(kept(runsEnough)).toBeGreaterThan(0.78);
  });
});

describe('the book', () => {
  test('does not learn what is no time, and counts less than a millisecond as one', () => {
    const book = bookOf([Number.NaN, -1, Number.POSITIVE_INFINITY]);
    expect(book.size).toBe(0);
    expect(learnAll(book, times(5, 0)).estimate(query)?.p50Ms).toBe(1);
  });

  test('keeps a bounded number of keys, and drops those it learned from least recently', () => {
    const book = new DurationBook(50);
    for (let at = 0; at < 500; at += 1) {
      learnAll(book, [30_000], { taskType: `type ${at}` });
      learnAll(book, [10_000]);
    }
    expect(book.size).toBe(50);
    expect(book.estimate(query)).toMatchObject({ runs: ringRuns, p50Ms: 10_000 });
    expect(book.estimate({ ...query, taskType: 'type 0' })?.basis).toBe('worker and model');
  });

  test('has 2,000 keys at most when nothing else is said', () => {
    const book = new DurationBook();
    for (let at = 0; at < 1_000; at += 1) learnAll(book, [30_000], { taskType: `type ${at}` });
    expect(book.size).toBe(2_000);
  });

  test('tells the medians of kinds with enough runs, by worker, and nothing of thin ones', () => {
    const book = learnAll(bookOf(times(6, 30_000)), times(5, 60_000), { workerId: otherWorker });
    learnAll(book, times(4, 1_000), { taskType: 'translation' });
    const medians = [...book.medians()];
    expect(medians.map(({ workerId: id, p50Ms, runs }) => [id, p50Ms, runs])).toEqual([
      [query.workerId, 30_000, 6],
      [otherWorker, 60_000, 5],
    ]);
    expect(new Set(medians.map(({ kind }) => kind)).size).toBe(1);
  });
});

describe('the estimates of one moment', () => {
  test('are shared by tasks of a kind, and are those of the book', () => {
    const book = learnAll(bookOf(times(6, 30_000)), times(6, 50_000), { promptChars: 5_000 });
    const durationsOf = durationsNow(book);
    expect(durationsOf({ ...query, promptChars: 511 })).toBe(durationsOf(query));
    expect(durationsOf({ ...query, promptChars: 512 })).not.toBe(durationsOf(query));
    expect(durationsOf(query)(query.workerId)).toEqual(book.estimate(query));
    expect(durationsOf({ ...query, promptChars: 5_000 })(query.workerId)?.p50Ms).toBe(50_000);
  });

  test('are asked of the book once, also where it knows nothing', () => {
    const book = new DurationBook();
    const durations = durationsNow(book)(query);
    expect(durations(query.workerId)).toBeNull();
    learnAll(book, times(6, 30_000));
    expect(durations(query.workerId)).toBeNull();
    expect(durationsNow(book)(query)(query.workerId)?.p50Ms).toBe(30_000);
  });
});
