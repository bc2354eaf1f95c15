import { expect, test } from 'vitest';
import { KoubouError } from '../../src/machines/errors.ts';

test('an error reads as one of Koubou, with what was wrong', () => {
  expect(String(new KoubouError('pool.full', 'no room for another task'))).toBe(
    'KoubouError: no room for another task',
  );
});

test('an error carries its code, its cause, and what helps to mend it', () => {
  const cause = new Error('SQLITE_BUSY');
  const details = { limit: 10 };
  const error = new KoubouError('storage.unavailable', 'try again', { cause, details, retryAfterMs: 500 });
  expect(error).toBeInstanceOf(Error);
  expect([error.code, error.cause, error.details, error.retryAfterMs]).toEqual([
    'storage.unavailable',
    cause,
    details,
    500,
  ]);
});

test('an error that has nothing to add has empty details, and names no time', () => {
  const { details, retryAfterMs } = new KoubouError('task.unknown', 'there is no such task');
  expect([details, retryAfterMs]).toEqual([{}, undefined]);
});
