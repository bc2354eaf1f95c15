import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limits } from '../../src/machines/limits.ts';

const source = join(process.cwd(), 'src');
const text = readFileSync(join(source, 'machines/limits.ts'), 'utf8');
const others = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== join('machines', 'limits.ts'))
  .map((path) => readFileSync(join(source, path), 'utf8'))
  .join('\n');
const names = Object.keys(limits);
const reasons = new Map(
  [...text.matchAll(/\/\*\* ([^\n]+) \*\/\n {2}(\w+): /g)].map(([, reason, name]) => [name, reason]),
);

test.each(names)('the limit %s says why it is what it is', (name) => {
  expect(reasons.get(name)).toMatch(/^[A-Z].{20,}\.$/);
});

test.each(names)('the limit %s is kept somewhere', (name) => {
  expect(others.includes(`limits.${name}`)).toBe(true);
});

test('every limit is a positive whole number', () => {
  for (const value of Object.values(limits)) {
    expect(Number.isSafeInteger(value)).toBe(true);
    expect(value).toBeGreaterThan(0);
  }
});
