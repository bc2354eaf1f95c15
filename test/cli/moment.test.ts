import { expect, test } from 'vitest';
import { momentOf } from '../../src/cli/command-options.ts';
import { spanText } from '../../src/cli/time-text.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);

test.each([
  ['90s', nowMs - 90_000],
  ['1.5m', nowMs - 90_000],
  ['2h', nowMs - 7_200_000],
  ['3d', nowMs - 259_200_000],
  ['2026-11-22T10:15:00Z', Date.UTC(2026, 10, 22, 10, 15)],
  ['2026-11-22 10:15+09:00', Date.UTC(2026, 10, 22, 1, 15)],
  ['2026-11-22T10:15', new Date(2026, 10, 22, 10, 15).getTime()],
  ['2026-11-22', new Date(2026, 10, 22).getTime()],
])('%s is a moment', (text, expected) => {
  expect(momentOf(text, nowMs)).toBe(expected);
});

test.each([
  '',
  '2',
  'h',
  '-2h',
  '2 h',
  '2w',
  'now',
  '22.11.2026',
  '2026-13-01',
  '2026-11-22T25:00',
  '99999999d',
])('"%s" is none', (text) => {
  expect(momentOf(text, nowMs)).toBeUndefined();
});

test.each([
  [0, '0.0 s'],
  [340, '0.3 s'],
  [9_940, '9.9 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 0 s'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
])('%i ms are %s', (spanMs, expected) => {
  expect(spanText(spanMs)).toBe(expected);
});
