import { beforeEach, expect, test } from 'vitest';
import { type Db, openDatabase } from '../../src/db/client.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Entry, Store } from '../../src/db/store.ts';
import { successRates } from '../../src/db/success-rates.ts';
import { onDisposal } from '../support/disposal.ts';
import {
  accept,
  atMs,
  cancelledWaiting,
  entry,
  freshHome,
  leaseFacts,
  local,
  makeTask,
  registration,
} from '../support/store-samples.ts';

const minuteMs = 60_000;
const lastHour = { nowMs: atMs, windowMs: 60 * minuteMs };
let store: Store;
let db: Db;

beforeEach(() => {
  const path = `${freshHome()}/koubou.db`;
  store = openStore(path, 'normal', atMs);
  onDisposal(() => store.close());
  store.registerWorkers([registration(local)], atMs - 48 * 60 * minuteMs);
  db = openDatabase(path, 'normal');
  onDisposal(() => void db.$client.close());
});

/** Task `seq` of a type, completed so many minutes before noon. */
function completed(seq: number, taskType: string, minutesAgo: number, elapsedMs: number): readonly Entry[] {
  const { assigned, completed: done } = leaseFacts(seq, seq);
  return [
    accept({ ...makeTask(seq), taskType }),
    entry(assigned, atMs - (minutesAgo + 1) * minuteMs),
    entry({ ...done, elapsedMs }, atMs - minutesAgo * minuteMs),
  ];
}

test('of nothing there are no rates', () => {
  expect(successRates(db, lastHour)).toEqual({
    since: '2026-01-01T11:00:00.000Z',
    until: '2026-01-01T12:00:00.000Z',
    truncated: false,
    types: [],
  });
});

test('endings of the window count by type, and how long the completed runs took', async () => {
  await store.commit([
    ...completed(1, 'analysis', 5, 1_000),
    ...completed(2, 'analysis', 6, 3_000),
    ...completed(3, 'general', 7, 500),
    ...completed(4, 'general', 61, 500),
  ]);
  expect(successRates(db, lastHour).types).toEqual([
    { type: 'analysis', completed: 2, failed: 0, cancelled: 0, success_rate: 1, mean_run_ms: 2_000 },
    { type: 'general', completed: 1, failed: 0, cancelled: 0, success_rate: 1, mean_run_ms: 500 },
  ]);
});

test('a type whose tasks were all cancelled has no rate', async () => {
  await store.commit([accept({ ...makeTask(1), taskType: 'analysis' }), entry(cancelledWaiting(1), atMs)]);
  expect(successRates(db, lastHour).types).toEqual([
    { type: 'analysis', completed: 0, failed: 0, cancelled: 1, success_rate: null, mean_run_ms: null },
  ]);
});

test('where there are more endings than are read, the figures hold from the oldest one read', async () => {
  const runs = [1, 2, 3, 4].flatMap((seq) => completed(seq, 'general', 10 * seq, 100));
  await store.commit(runs);
  const rates = successRates(db, lastHour, 2);
  expect(rates).toMatchObject({
    truncated: true,
    since: '2026-01-01T11:40:00.000Z',
    types: [{ completed: 2 }],
  });
});
