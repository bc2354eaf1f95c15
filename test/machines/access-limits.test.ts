import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { accessLimits } from '../../src/machines/access-limits.ts';

const source = join(process.cwd(), 'src');
const text = readFileSync(join(source, 'machines/access-limits.ts'), 'utf8');
const others = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== join('machines', 'access-limits.ts'))
  .map((path) => readFileSync(join(source, path), 'utf8'))
  .join('\n');
const reasons = new Map(
  [...text.matchAll(/\/\*\* ([^\n]+) \*\/\n {2}(\w+): /g)].map(([, reason, name]) => [name, reason]),
);

test.each(
  Object.entries(accessLimits),
)('the limit %s says why it is what it is, and is kept somewhere', (name, value) => {
  expect(reasons.get(name)).toMatch(/^[A-Z].{20,}\.$/);
  expect(others.includes(`accessLimits.${name}`)).toBe(true);
  expect(Number.isSafeInteger(value) && value > 0).toBe(true);
});
