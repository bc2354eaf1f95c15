import { expect, test } from 'vitest';
import { verdictsOn } from '../../bench/report/soak-verdict.mjs';

const flat = { rssMb: 200, handles: 60, listeners: 50, dbMb: 90, walMb: 16, logsMb: 3 };
const calm = { ...flat, p50Ms: 20, p99Ms: 400, open: 10 };

/** An hour of one sample a minute, a field of which goes on as it is told. */
const hourOf = (field: string, valueAt: (minute: number) => number) => ({
  samples: Array.from({ length: 60 }, (_, minute) => ({ ...calm, [field]: valueAt(minute) })),
  lost: 0,
  leakWarnings: 0,
});
const missed = (soak: Parameters<typeof verdictsOn>[0]): readonly string[] =>
  verdictsOn(soak)
    .filter(({ isReached }) => !isReached)
    .map(({ what }) => what);

test('a warm-up is no drift', () => {
  expect(missed(hourOf('rssMb', (minute) => (minute < 15 ? 100 + minute : 200)))).toEqual([]);
});

test('memory that creeps after the warm-up is told', () => {
  expect(missed(hourOf('rssMb', (minute) => 200 + minute))).toEqual(['RSS, MB']);
});

test('a file that goes on growing is told, one that is rotated is not', () => {
  expect(missed(hourOf('dbMb', (minute) => 90 + 2 * minute))).toEqual(['database, MB']);
  expect(missed(hourOf('logsMb', (minute) => minute % 6))).toEqual([]);
});

test('seconds in which nothing ended do not hide the others', () => {
  expect(missed(hourOf('p50Ms', (minute) => (minute % 2 === 0 ? Number.NaN : minute)))).toEqual([
    'done p50, ms',
  ]);
});

test('one lost task is one too many, and so is one leak that Node warns of', () => {
  const soak = { ...hourOf('open', () => 10), lost: 1, leakWarnings: 1 };
  expect(missed(soak)).toEqual(['warnings of leaking listeners', 'lost tasks']);
});
