import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/machines/limits.ts';
import { failed, type Outcome, retry } from '../../src/machines/outcome.ts';
import { failureOf, judge, retryDelayMs } from '../../src/machines/retry.ts';
import { final, released, success, transient } from '../support/pool-samples.ts';

const policy = { retriesMax: 3, delayMsBase: 1_000, delayMsMax: 60_000 };

const policies = fc.record({
  retriesMax: fc.nat(20),
  delayMsBase: fc.nat(120_000),
  delayMsMax: fc.nat(600_000),
});
const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the delay before another attempt', () => {
  test.each([
    [1, 0, 500],
    [1, 0.999_999, 1_000],
    [2, 0, 1_000],
    [3, 0.5, 3_000],
    [7, 0, 30_000],
    [7, 0.999_999, 60_000],
    [40, 0, 30_000],
  ])('after %i failures, with a draw of %f, it is %i ms', (failures, draw, delayMs) => {
    expect(retryDelayMs(policy, failures, draw, 0)).toBe(delayMs);
  });

  test('is between half of its ceiling and its ceiling, whatever is drawn', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 1_000 }), draws, (any, failures, draw) => {
        const ceiling = Math.min(any.delayMsBase * 2 ** (failures - 1), any.delayMsMax);
        const delayMs = retryDelayMs(any, failures, draw, 0);
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
        expect(delayMs).toBeLessThanOrEqual(ceiling);
      }),
    );
  });

  test('never shrinks from one failure to the next, at the same draw', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 60 }), draws, (any, failures, draw) => {
        const now = retryDelayMs(any, failures, draw, 0);
        expect(retryDelayMs(any, failures + 1, draw, 0)).toBeGreaterThanOrEqual(now);
      }),
    );
  });

  test('is no shorter than a busy server asked for, and fits into a timer of Node', () => {
    fc.assert(
      fc.property(policies, draws, fc.nat(2 ** 40), (any, draw, floorMs) => {
        const delayMs = retryDelayMs(any, 1, draw, floorMs);
        expect(delayMs).toBeGreaterThanOrEqual(Math.min(floorMs, limits.timerMsMax));
        expect(delayMs).toBeLessThanOrEqual(limits.timerMsMax);
        expect(Number.isInteger(delayMs)).toBe(true);
      }),
    );
  });
});

describe('the verdict on an outcome', () => {
  const fresh = { leases: 1, failures: 0 };
  const cancelled: Outcome = { kind: 'cancelled' };

  test.each([
    ['a success completes the task', success, fresh, 'completed'],
    ['a final failure fails it at once', final, fresh, 'failed'],
    ['a transient failure is tried again', transient, fresh, 'backingOff'],
    ['the last retry is used', transient, { leases: 3, failures: 2 }, 'backingOff'],
    ['a transient failure without a retry left is final', transient, { leases: 4, failures: 3 }, 'failed'],
    ['a lost lease costs no retry', released, { leases: 9, failures: 3 }, 'queued'],
    ['an execution that was stopped is no verdict', cancelled, { leases: 9, failures: 3 }, 'queued'],
    ['a success counts at the last lease too', success, { leases: 50, failures: 0 }, 'completed'],
    ['the last lease that is lost ends the task', released, { leases: 50, failures: 0 }, 'failed'],
    ['the last lease that is stopped ends the task', cancelled, { leases: 50, failures: 0 }, 'failed'],
    ['the last lease that fails ends the task', transient, { leases: 50, failures: 0 }, 'failed'],
    ['the lease before it does not', released, { leases: 49, failures: 0 }, 'queued'],
  ] as const)('%s', (_what, outcome, wear, verdict) => {
    expect(limits.leasesPerTaskMax).toBe(50);
    expect(judge(outcome, wear, policy)).toBe(verdict);
  });

  test('without retries, the first transient failure is final', () => {
    expect(judge(transient, fresh, { ...policy, retriesMax: 0 })).toBe('failed');
  });
});

describe('the verdict where another model could stand in', () => {
  const fresh = { leases: 1, failures: 0 };
  const spent = { leases: 4, failures: 3 };
  const broken = retry('backend.error', 'it does not fit into the memory');

  test.each([
    ['a model that is missing is left at once', final, fresh, 'fallingBack'],
    ['a model that is missing is left after retries as well', final, spent, 'fallingBack'],
    ['a model that fails has its retries first', broken, fresh, 'backingOff'],
    ['a model that fails is left after them', broken, spent, 'fallingBack'],
    ['a busy server is not the fault of a model', transient, spent, 'failed'],
    ['a refused input is none either', failed('input.refused', 'no'), fresh, 'failed'],
    ['a lost lease stays with its model', released, spent, 'queued'],
    ['a success is one', success, spent, 'completed'],
    ['the last lease ends a task all the same', final, { leases: 50, failures: 0 }, 'failed'],
    ['also where its model fails', broken, { leases: 50, failures: 3 }, 'failed'],
  ] as const)('%s', (_what, outcome, wear, verdict) => {
    expect(judge(outcome, wear, policy, true)).toBe(verdict);
  });

  test('never falls back where none is left', () => {
    for (const outcome of [final, broken]) expect(judge(outcome, spent, policy, false)).toBe('failed');
  });
});

describe('the failure on record', () => {
  test('is the one that the attempt reported', () => {
    expect(failureOf(transient)).toEqual({ code: 'backend.busy', message: 'the server is busy' });
    expect(failureOf(final).code).toBe('model.unknown');
  });

  test('says so when a task was given out too often without a verdict', () => {
    for (const outcome of [released, { kind: 'cancelled' } as const]) {
      expect(failureOf(outcome)).toMatchObject({ code: 'leases.exhausted' });
      expect(failureOf(outcome).message).toContain('50 times');
    }
  });

  test('is not asked of a success', () => {
    expect(() => failureOf(success)).toThrow(TypeError);
  });
});
