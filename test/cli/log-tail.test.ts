import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { followLog, lastLines, type Place } from '../../src/cli/log-tail.ts';
import { onDisposal } from '../support/disposal.ts';
import { until } from '../support/until.ts';
import { freshFolder } from './command.ts';

const freshLog = () => join(freshFolder(), 'a.log');

function rotate(file: string): void {
  for (const number of [2, 1, 0]) {
    const from = number === 0 ? file : `${file}.${number}`;
    try {
      renameSync(from, `${file}.${number + 1}`);
    } catch {
      // There are not so many yet.
    }
  }
}

/** Follows a log until the test ends; what came is in the list. */
function follow(file: string, from: Place | null): readonly string[] {
  const lines: string[] = [];
  const controller = new AbortController();
  const following = followLog(file, from, (line) => lines.push(line), controller.signal);
  onDisposal(() => {
    controller.abort();
    return following;
  });
  return lines;
}

test('the last lines come from the rotated files too, in order', async () => {
  const file = freshLog();
  writeFileSync(`${file}.2`, '1\n2\n');
  writeFileSync(`${file}.1`, '3\n4\n');
  writeFileSync(file, '5\n6\n');
  expect((await lastLines(file, 3)).lines).toEqual(['4', '5', '6']);
  expect((await lastLines(file, 5)).lines).toEqual(['2', '3', '4', '5', '6']);
  expect((await lastLines(file, 99)).lines).toEqual(['1', '2', '3', '4', '5', '6']);
  expect((await lastLines(file, 0)).lines).toEqual([]);
});

test('lines of any length and writing are found, whatever blocks the file is read in', async () => {
  const file = freshLog();
  const long = '工房🛠️'.repeat(30_000);
  writeFileSync(file, `first\n${long}\nthird\n`);
  expect((await lastLines(file, 2)).lines).toEqual([long, 'third']);
});

test('a log that does not exist has no lines, and is followed once it does', async () => {
  const file = freshLog();
  const tail = await lastLines(file, 5);
  expect(tail).toEqual({ lines: [], end: null });
  const lines = follow(file, tail.end);
  writeFileSync(file, 'born\n');
  await until(() => expect(lines).toEqual(['born']));
});

test('following tells each line once, and a line in pieces when it is whole', async () => {
  const file = freshLog();
  writeFileSync(file, 'old\nhalf');
  const { lines: former, end } = await lastLines(file, 10);
  expect(former).toEqual(['old']);
  const lines = follow(file, end);
  appendFileSync(file, ' a line\nnext\n');
  await until(() => expect(lines).toEqual(['half a line', 'next']));
});

test('following loses nothing when the log is rotated, twice between two looks as well', async () => {
  const file = freshLog();
  writeFileSync(file, 'a\n');
  const lines = follow(file, (await lastLines(file, 1)).end);
  appendFileSync(file, 'b\n');
  rotate(file);
  writeFileSync(file, 'c\n');
  rotate(file);
  writeFileSync(file, 'd\n');
  await until(() => expect(lines).toEqual(['b', 'c', 'd']));
  appendFileSync(file, 'e\n');
  await until(() => expect(lines).toEqual(['b', 'c', 'd', 'e']));
});

test('a log that was emptied is followed from its beginning', async () => {
  const file = freshLog();
  writeFileSync(file, 'a long line that is gone\n');
  const lines = follow(file, (await lastLines(file, 1)).end);
  truncateSync(file);
  appendFileSync(file, 'new\n');
  await until(() => expect(lines).toEqual(['new']));
});
