import { expect, test } from 'vitest';
import { chromiumPath } from './chromium.ts';

test('without a browser these tests fail, and say the one line to type', () => {
  expect(() => chromiumPath(['', '/nowhere/chromium'])).toThrow(
    'Type: npx playwright-core install --with-deps chromium ',
  );
});

test('the first browser that is there is taken', () => {
  expect(chromiumPath(['/nowhere/chromium', process.execPath])).toBe(process.execPath);
});
