import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openReader } from '../../src/db/client.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Store } from '../../src/db/store.ts';
import { retentionLimits } from '../../src/machines/retention-limits.ts';
import { onDisposal } from '../support/disposal.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { accept, atMs, cancelledWaiting, entry, makeTask } from '../support/store-samples.ts';

const { sliceTasks, walBytesKept } = retentionLimits;
const mebibyte = 1_024 ** 2;

function open() {
  const path = join(memoryFolder(), 'koubou.db');
  const store = openStore(path, 'normal', atMs);
  onDisposal(() => store.close());
  return { path, store, size: () => statSync(path).size, log: () => statSync(`${path}-wal`).size };
}

let last = 0;

/** So many tasks that have ended, with prompts of 1 MiB. */
async function fill(store: Store, tasks: number): Promise<void> {
  for (let count = 0; count < tasks; count += 1) {
    const task = makeTask(++last, { prompt: 'x'.repeat(mebibyte) });
    await store.commit([accept(task), entry(cancelledWaiting(task.seq))]);
  }
}

function deleteAll(store: Store): void {
  const slice = { endedBeforeMs: atMs + 1, after: null, limit: sliceTasks, runsKeptFrom: 0 };
  while (store.upkeep.deleteTasks(slice).next !== null);
}

test('the log is copied back, and a file that is not long stays for what comes next', async () => {
  const { store, size, log } = open();
  await fill(store, 2);
  const [before, length] = [size(), log()];
  expect(before).toBeLessThan(mebibyte);
  store.upkeep.checkpoint();
  expect(size()).toBeGreaterThan(2 * mebibyte);
  expect(log()).toBe(length);
});

test('a reader that goes on holds the log up, and nobody waits for it', async () => {
  const { path, store, log } = open();
  const reader = openReader(path);
  onDisposal(() => reader.$client.close());
  reader.$client.exec('BEGIN');
  reader.$client.prepare('SELECT count(*) FROM task_master').get();
  await fill(store, 24);
  store.upkeep.checkpoint();
  expect(log()).toBeGreaterThan(walBytesKept);
  reader.$client.exec('COMMIT');
  store.upkeep.checkpoint();
  expect(log()).toBe(0);
  await fill(store, 1);
  expect(store.counts().cancelled).toBe(25);
});

test('free pages are given back slice by slice, and what is kept is whole', async () => {
  const { path, store, size } = open();
  await fill(store, 12);
  deleteAll(store);
  await fill(store, 1);
  store.upkeep.checkpoint();
  const before = store.upkeep.pages();
  expect(before.shrinks).toBe(true);
  // A page of SQLite's own list of pages may go as well.
  expect(Math.abs(store.upkeep.shrink(100) - 100)).toBeLessThanOrEqual(1);
  expect(store.upkeep.pages().free).toBe(before.free - 100);
  while (store.upkeep.shrink(retentionLimits.slicePages) > 0);
  store.upkeep.checkpoint();
  expect(size()).toBeLessThan(3 * mebibyte);
  const client = new Database(path, { readonly: true });
  expect(client.pragma('integrity_check', { simple: true })).toBe('ok');
  client.close();
  expect(store.counts().cancelled).toBe(1);
});
