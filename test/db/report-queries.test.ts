import { beforeEach, expect, test } from 'vitest';
import { type Db, openDatabase } from '../../src/db/client.ts';
import { reportRows } from '../../src/db/report-queries.ts';
import { leaseRuns } from '../../src/db/run-queries.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Entry, Store } from '../../src/db/store.ts';
import { noUsage } from '../../src/machines/outcome.ts';
import { onDisposal } from '../support/disposal.ts';
import {
  accept,
  atMs,
  entry,
  freshHome,
  leaseFacts,
  local,
  makeTask,
  registration,
} from '../support/store-samples.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const lastHour = { nowMs: atMs, windowMs: hourMs };
let store: Store;
let db: Db;

beforeEach(() => {
  const path = `${freshHome()}/koubou.db`;
  store = openStore(path, 'normal', atMs);
  onDisposal(() => store.close());
  store.registerWorkers([registration(local)], atMs - 48 * hourMs);
  db = openDatabase(path, 'normal');
  onDisposal(() => void db.$client.close());
});

/** A run of task `seq` that ended so many minutes before noon. */
function run(
  seq: number,
  minutesAgo: number,
  elapsedMs: number,
  outputTokens: number | null = null,
): readonly Entry[] {
  const { assigned, completed } = leaseFacts(seq, seq);
  const endMs = atMs - minutesAgo * minuteMs;
  return [
    accept(makeTask(seq)),
    entry(assigned, endMs - elapsedMs),
    entry({ ...completed, usage: { ...noUsage, outputTokens }, elapsedMs }, endMs),
  ];
}

test('of nothing there are no figures, and none is made up', () => {
  const { trend, workers, runs_read, truncated, database } = reportRows(db, lastHour);
  expect([workers, runs_read, truncated]).toEqual([[], 0, false]);
  expect(trend).toHaveLength(24);
  expect(trend.every(({ runs, mean_ms }) => runs === 0 && mean_ms === null)).toBe(true);
  expect(database).toMatchObject({ tasks: 0, assignments: 0, workers: 1, journal_mode: 'wal', check: 'ok' });
});

test('runs fall into the spans in which they ended, and what ended before the window is left out', () => {
  store.commit([...run(1, 90, 9_000), ...run(2, 59, 1_000), ...run(3, 58, 3_000), ...run(4, 1, 500)]);
  const { trend, runs_read } = reportRows(db, lastHour);
  expect(runs_read).toBe(3);
  expect(trend[0]).toEqual({ from: '2026-01-01T11:00:00.000Z', runs: 2, mean_ms: 2_000 });
  expect(trend.at(-1)).toEqual({ from: '2026-01-01T11:57:30.000Z', runs: 1, mean_ms: 500 });
});

test('a worker has the mean and the median of its runs, and the tokens a second where they were counted', () => {
  store.commit([...run(1, 30, 1_000, 50), ...run(2, 20, 2_000), ...run(3, 10, 6_000)]);
  expect(reportRows(db, lastHour).workers).toEqual([
    { worker_id: local, runs: 3, mean_ms: 3_000, p50_ms: 2_000, tokens_per_second: 50 },
  ]);
});

test('at most so many runs are read, the last ones, and it is said when there were more', () => {
  store.commit([...run(1, 30, 1_000), ...run(2, 20, 2_000), ...run(3, 10, 6_000)]);
  expect(reportRows(db, lastHour, 3)).toMatchObject({ runs_read: 3, truncated: true });
  expect(reportRows(db, lastHour, 2)).toMatchObject({ runs_read: 2, truncated: true });
  expect(reportRows(db, lastHour, 4)).toMatchObject({ runs_read: 3, truncated: false });
});

test('runs of a window are those that ended in it or go on', () => {
  const { assigned } = leaseFacts(9, 9);
  store.commit([
    ...run(1, 90, 1_000),
    ...run(2, 30, 1_000),
    accept(makeTask(9)),
    entry(assigned, atMs - 80 * minuteMs),
  ]);
  const { runs, truncated } = leaseRuns(db, { sinceMs: atMs - hourMs, limit: 10 });
  expect(runs.map(({ assignment_id, status }) => [assignment_id, status])).toEqual([
    [9, 'active'],
    [2, 'completed'],
  ]);
  expect(truncated).toBe(false);
});
