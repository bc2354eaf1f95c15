import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LineSink, type LineSinkOptions } from '../../src/log/line-sink.ts';
import { onDisposal } from '../support/disposal.ts';
import { until } from '../support/until.ts';
import { freshFolder } from './command.ts';

function openSink(options: Partial<LineSinkOptions> & { folder: string }): LineSink {
  const sink = new LineSink({ name: 'a.log', maxSizeBytes: 1_024, keepFiles: 2, retryMs: 5, ...options });
  onDisposal(() => sink.close());
  return sink;
}

/** All lines, oldest first, of the rotated files and the current one. */
function linesIn(folder: string): readonly string[] {
  const files = readdirSync(folder).toSorted(
    (a, b) => Number(b.split('.')[2] ?? 0) - Number(a.split('.')[2] ?? 0),
  );
  return files
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line !== '');
}

test('the current file keeps its name; full ones are counted up, and the oldest go', async () => {
  const folder = freshFolder();
  const sink = openSink({ folder });
  for (let count = 0; count < 40; count += 1) {
    sink.write(`${String(count).padStart(99, '0')}\n`);
    // A line at a time, as a quiet server writes.
    await until(() => expect(linesIn(folder).at(-1)).toMatch(new RegExp(`^0*${count}$`)));
  }
  expect(readdirSync(folder).toSorted()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
  const kept = linesIn(folder).map(Number);
  expect(kept.at(-1)).toBe(39);
  expect(kept).toEqual(kept.map((_, index) => (kept[0] ?? 0) + index));
  expect(kept.length).toBeLessThan(40);
});

test('keep_files 0 keeps the current file alone', async () => {
  const folder = freshFolder();
  const sink = openSink({ folder, keepFiles: 0, maxSizeBytes: 100 });
  for (const letter of 'abc') sink.write(`${letter.repeat(120)}\n`);
  await sink.close();
  expect(readdirSync(folder)).toEqual(['a.log']);
});

test('what is written before a close is on disk after it, and nothing is opened without a line', async () => {
  const folder = freshFolder();
  const [used, unused] = [openSink({ folder }), openSink({ folder, name: 'b.log' })];
  for (let count = 0; count < 5_000; count += 1) used.write(`${count}\n`);
  await Promise.all([used.close(), unused.close()]);
  expect(linesIn(folder).at(-1)).toBe('4999');
  expect(readdirSync(folder)).not.toContain('b.log');
});

test('a folder that cannot be written takes nobody down; the lines come when it can be written again', async () => {
  const folder = join(freshFolder(), 'logs');
  writeFileSync(folder, 'a file where the folder should be');
  const sink = openSink({ folder, maxSizeBytes: 100_000 });
  sink.write('first\n');
  sink.write('second\n');
  rmSync(folder);
  mkdirSync(folder);
  await until(() => expect(linesIn(folder)).toEqual(['first', 'second']));
});

test('lines that do not fit into memory meanwhile are counted, and the log says how many', async () => {
  const folder = join(freshFolder(), 'logs');
  writeFileSync(folder, '');
  const sink = openSink({ folder, pendingCharsMax: 100, maxSizeBytes: 100_000 });
  for (let count = 10; count < 60; count += 1) sink.write(`line ${count}\n`);
  rmSync(folder);
  mkdirSync(folder);
  await until(() => expect(linesIn(folder).at(-1)).toMatch(/lines were lost here/));
  const lines = linesIn(folder);
  const lost = Number(/(\d+) lines were lost/.exec(lines.at(-1) ?? '')?.[1]);
  expect(lost).toBeGreaterThan(0);
  expect(lines.length - 1 + lost).toBe(50);
});

test('a close of a log that cannot be written ends nevertheless', async () => {
  const folder = join(freshFolder(), 'logs');
  writeFileSync(folder, '');
  const sink = openSink({ folder });
  sink.write('never\n');
  await sink.close();
  sink.write('after the close\n');
  expect(readFileSync(folder, 'utf8')).toBe('');
});
