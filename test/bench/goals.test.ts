import { expect, test } from 'vitest';
import { judge, type Round } from '../../bench/report/goals.mjs';

const ratio = (round: Round): number =>
  (round['ours']?.['rate'] ?? Number.NaN) / (round['theirs']?.['rate'] ?? Number.NaN);
const goal = { text: 'rate', of: ratio, atLeast: 2 };
const round = (ours: number, theirs: number): Round => ({ ours: { rate: ours }, theirs: { rate: theirs } });

test('a goal is judged by the median of the ratios of the rounds, not by the ratio of medians', () => {
  const [judged] = judge([round(10, 5), round(30, 10), round(4, 4)], [goal]);
  expect(judged).toMatchObject({ value: 2, values: [2, 3, 1], verdict: 'reached' });
});

test('one that is less than is wanted is missed, and close to it within noise', () => {
  expect(judge([round(10, 10)], [goal])[0]).toMatchObject({ verdict: 'missed', isClose: false });
  expect(judge([round(19, 10)], [goal])[0]).toMatchObject({ verdict: 'missed', isClose: true });
});

test('where less is better, less is reached', () => {
  const atMost = { text: 'memory', of: ratio, atMost: 0.3 };
  expect(judge([round(2, 10)], [atMost])[0]).toMatchObject({ goal: '≤ 0.3', verdict: 'reached' });
  expect(judge([round(4, 10)], [atMost])[0]?.verdict).toBe('missed');
});

test('a system that did not take part makes no goal reached or missed', () => {
  for (const { verdict } of judge([{ koubou: { drain100: 1 } }])) expect(verdict).toBe('not measured');
});
