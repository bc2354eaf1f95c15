import { expect, test } from 'vitest';
import { busyTicks, familyOf, processStat, proportionalMb } from '../../bench/machine/proc-text.mjs';

const statOf = (pid: number, name: string, parent: number, times: string): string =>
  `${pid} (${name}) S ${parent} 1 1 0 -1 4194560 10 20 0 0 ${times} 20 0 11 0 100 1000 200`;

test('the times of a process are its own and those of its ended children', () => {
  expect(processStat(statOf(42, 'node', 7, '100 20 3 4'))).toEqual({ pid: 42, parent: 7, ticks: 127 });
});

test('the name of a program may hold what separates the fields', () => {
  const stat = processStat(statOf(42, 'a) S 1 (b', 7, '1 1 1 1'));
  expect(stat).toEqual({ pid: 42, parent: 7, ticks: 4 });
});

test('work of all cores counts what a neighbour machine took, and leaves out waiting and interrupts', () => {
  const text = 'cpu  100 10 30 5000 700 8 9 6 0 0\ncpu0 50 5 15 2500 350 4 4 3 0 0\n';
  expect(busyTicks(text)).toBe(146);
});

test('a family is a process with its children and theirs, and nobody else', () => {
  const stats = [
    { pid: 5, parent: 4, ticks: 1 },
    { pid: 3, parent: 2, ticks: 1 },
    { pid: 2, parent: 1, ticks: 1 },
    { pid: 4, parent: 2, ticks: 1 },
    { pid: 9, parent: 1, ticks: 1 },
  ];
  expect(familyOf(stats, 2).map(({ pid }) => pid)).toEqual([2, 3, 4, 5]);
});

test('memory is the share of a process of what it holds together with others', () => {
  expect(proportionalMb('Rss:      4096 kB\nPss:      2048 kB\nPss_Dirty: 1 kB\n')).toBe(2);
});
