import { expect, test } from 'vitest';
import { allows, type Scope } from '../../src/machines/scopes.ts';

test.each<[held: Scope, wanted: Scope, answer: boolean]>([
  ['read', 'read', true],
  ['read', 'submit', false],
  ['read', 'admin', false],
  ['submit', 'submit', true],
  ['submit', 'read', false],
  ['submit', 'admin', false],
  ['admin', 'read', true],
  ['admin', 'submit', true],
  ['admin', 'admin', true],
  ['admin', 'worker', false],
  ['worker', 'worker', true],
  ['worker', 'read', false],
  ['worker', 'submit', false],
  ['worker', 'admin', false],
])('the scope %s may do what takes %s: %s', (held, wanted, answer) => {
  expect(allows([held], [wanted])).toBe(answer);
});

test('of several scopes that would do, one is enough; without any, nothing is allowed', () => {
  expect(allows(['submit'], ['submit', 'read'])).toBe(true);
  expect(allows([], ['submit', 'read', 'admin', 'worker'])).toBe(false);
  expect(allows(['admin', 'worker'], [])).toBe(false);
});
