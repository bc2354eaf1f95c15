import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import bugs from './seeded-bugs/bugs.json' with { type: 'json' };

const project = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** As `scripts/seeded-bugs.mjs` looks for it in what was built from this source. */
function timesIn(source: string, text: string): number {
  const words = text
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return source.match(new RegExp(words.join('\\s+'), 'g'))?.length ?? 0;
}

test('there are at least 30 seeded bugs, each with a name, a place and a promise of its own', () => {
  expect(bugs.length).toBeGreaterThanOrEqual(30);
  expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length);
  expect(new Set(bugs.map(({ file }) => file)).size).toBeGreaterThan(15);
  for (const { name, breaks } of bugs) expect([name, breaks.length > 10]).toEqual([name, true]);
});

test.each(bugs)('the place of $name stands in the source, once', ({ file, find, put }) => {
  const source = readFileSync(`${project}/src/${file}.ts`, 'utf8');
  expect(timesIn(source, find)).toBe(1);
  expect(put).not.toBe(find);
});

test('some of them, seeded into a copy of what was built, are found by the simulation', async () => {
  const only = ['backoff-timer-fires-at-once', 'slot-leaks-when-an-attempt-fails', 'followers-miss-retries'];
  const args = ['scripts/seeded-bugs.mjs', '--json', '--only', only.join(','), '--runs', '5'];
  const { stdout } = await run(process.execPath, args, { cwd: project });
  const report = JSON.parse(stdout) as { bugs: { name: string; runs: number | null }[] };
  expect(report.bugs.map(({ name }) => name)).toEqual(only);
  for (const { name, runs } of report.bugs) expect([name, runs]).toEqual([name, expect.any(Number)]);
}, 120_000);
