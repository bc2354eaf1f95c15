import { describe, expect, test } from 'vitest';
import { askedMs, type Bearing, bearingOf, isBareFailure } from '../../src/machines/endpoint-bearing.ts';
import { limits } from '../../src/machines/limits.ts';
import { type FailureCode, failed, type Outcome, retry } from '../../src/machines/outcome.ts';
import { released, success } from '../support/pool-samples.ts';

// Written a second time, on purpose: a class that is missing here does not compile, one that was moved there fails.
const expected: Record<FailureCode, Bearing> = {
  'backend.unreachable': 'failure',
  'backend.busy': 'failure',
  'backend.error': 'failure',
  'backend.cut': 'failure',
  'backend.garbage': 'failure',
  'backend.no_answer': 'failure',
  'backend.empty': 'answer',
  'model.unknown': 'answer',
  'input.refused': 'nothing',
  'input.too_long': 'nothing',
  'execution.timeout': 'nothing',
  'output.invalid': 'answer',
  'execution.crashed': 'nothing',
  'execution.too_large': 'answer',
  'worker.lost': 'nothing',
  'leases.exhausted': 'nothing',
  'actor.crashed': 'nothing',
};
const classes = Object.entries(expected) as [FailureCode, Bearing][];

describe('what an ending says of its server', () => {
  test.each(classes)('%s: %s, whether it is final or not', (code, bearing) => {
    expect(bearingOf(retry(code, 'so it is'))).toBe(bearing);
    expect(bearingOf(failed(code, 'so it is'))).toBe(bearing);
  });

  test('a success: answer', () => {
    expect(bearingOf(success)).toBe('answer');
  });

  test.each(classes)('nothing where the lease was given back, even after %s', (code) => {
    expect(bearingOf({ kind: 'released', failure: { code, message: 'so it is' } })).toBe('nothing');
  });

  test('nothing where the execution was told to stop', () => {
    expect(bearingOf({ kind: 'cancelled' })).toBe('nothing');
  });
});

describe('the time for which a server asks to be left alone', () => {
  test.each<[string, Outcome, number]>([
    ['is what a busy one names', retry('backend.busy', 'so it is', 90_000), 90_000],
    ['is none where a busy one names none', retry('backend.busy', 'so it is'), 0],
    ['is none after another failure', retry('backend.error', 'so it is', 90_000), 0],
    ['is none in a final failure', failed('backend.busy', 'so it is'), 0],
    ['is none in a success', success, 0],
    ['is none in a lease that was given back', released, 0],
    ['fits into a timer', retry('backend.busy', 'so it is', 2 ** 40), limits.timerMsMax],
  ])('%s', (_what, outcome, delayMs) => {
    expect(askedMs(outcome)).toBe(delayMs);
  });

  test('makes its failure no bare one', () => {
    expect(isBareFailure(retry('backend.busy', 'so it is', 1))).toBe(false);
    expect(isBareFailure(retry('backend.busy', 'so it is'))).toBe(true);
    expect(isBareFailure(success)).toBe(false);
    expect(isBareFailure(released)).toBe(false);
  });
});
