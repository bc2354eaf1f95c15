import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoted } from '../../src/actors/quoting.ts';

test('the first line is quoted, without its full stop', () => {
  expect(quoted('  out of memory.\nTraceback', 'a prompt')).toBe(': out of memory');
});

test('at most 200 characters are quoted', () => {
  expect(quoted('x'.repeat(500), 'a prompt')).toBe(`: ${'x'.repeat(200)}`);
});

test('nothing is quoted of nothing', () => {
  expect(quoted(' \n ', 'a prompt')).toBe('');
});

test('words that repeat the prompt are not quoted, wherever they do', () => {
  const letters = fc.string({ minLength: 24, unit: fc.constantFrom('a', 'b', 'c', ' ', '工') });
  fc.assert(
    fc.property(letters, letters, letters, (prompt, before, after) => {
      const echo = prompt.trim().slice(0, 100);
      fc.pre(echo.length >= 24);
      expect(quoted(`${before}${echo}${after}`.slice(0, 200), prompt)).not.toContain(echo);
    }),
  );
});

test('a short prompt is not quoted either', () => {
  expect(quoted('cannot answer "why?"', 'why?')).toBe('');
});

test('of an absolute path only the last name is told; URLs and relative paths stand', () => {
  expect(quoted("Permission denied: '/home/me/project/a.ts'", 'a prompt')).toBe(
    ": Permission denied: 'a.ts'",
  );
  expect(quoted('cannot import (/usr/lib/python3/x/__init__.py)', 'a prompt')).toBe(
    ': cannot import (__init__.py)',
  );
  const kept = ': POST http://127.0.0.1:11434/api/generate and https://ollama.com/a/b and ./src/a.ts';
  expect(quoted(kept.slice(2), 'a prompt')).toBe(kept);
});
