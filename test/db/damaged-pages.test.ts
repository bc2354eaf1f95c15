import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { Journal } from '../../src/db/journal.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import { asStorageError, storageFault } from '../../src/db/storage-faults.ts';
import { pageBytesOf } from '../../src/simulation/disk-image.ts';
import { onDisposal } from '../support/disposal.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { accept, atMs, leaseFacts, local, makeTask, registration } from '../support/store-samples.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** A database with 60 tasks, of which each page can be damaged. */
async function filled(): Promise<{ path: string; bytes: Buffer; rootOf: (table: string) => number }> {
  const path = join(memoryFolder(), 'koubou.db');
  const store = openStore(path, 'full', atMs);
  store.registerWorkers([registration(local)], atMs);
  for (let seq = 1; seq <= 60; seq += 1)
    await store.commit([accept(makeTask(seq, { prompt: 'p'.repeat(500) }))]);
  store.close();
  const client = new Database(path, { readonly: true });
  const roots = new Map(
    client.prepare('SELECT name, rootpage FROM sqlite_master').raw().all() as [string, number][],
  );
  client.close();
  return { path, bytes: readFileSync(path), rootOf: (table) => roots.get(table) ?? 0 };
}

function damage(path: string, bytes: Buffer, page: number): void {
  const damaged = Buffer.from(bytes);
  const pageBytes = pageBytesOf(bytes);
  damaged.fill(0xff, (page - 1) * pageBytes, page * pageBytes);
  writeFileSync(path, damaged);
}

function journalOn(path: string) {
  const store = openStore(path, 'full', atMs);
  const clock = new VirtualClock();
  const told: string[] = [];
  const poison: unknown[] = [];
  const journal: Journal = new Journal({
    store,
    clock,
    onCommitted: ({ committed }) => told.push(...committed.map(({ fact }) => fact.type)),
    onWithdrawn: () => undefined,
    onStalled: () => undefined,
    onResumed: () => told.push('resumed'),
    onPoison: (error) => poison.push(error),
    wantFlush: () => clock.defer(() => void journal.flush()),
  });
  onDisposal(() => {
    journal.close();
    store.close();
  });
  return { store, clock, journal, told, poison };
}

test('a damaged table of tasks refuses new ones in plain words, and nothing is written from then on', async () => {
  const { path, bytes, rootOf } = await filled();
  damage(path, bytes, rootOf('task_master'));
  const { store, clock, journal, told } = journalOn(path);
  const before = store.lastSeq();
  const refused = expect(journal.accept([makeTask(61)], null)).rejects.toMatchObject({
    code: 'storage.corrupt',
    message: expect.stringContaining('keep a copy of db/'),
  });
  await journal.flush();
  await refused;
  // The record of events is whole: to write there would look as if all were well again.
  await clock.advance(60_000);
  expect([told, store.lastSeq(), journal.isStalled]).toEqual([[], before, true]);
  await expect(journal.accept([makeTask(62)], null)).rejects.toMatchObject({ code: 'storage.corrupt' });
  await expect(journal.settled()).rejects.toMatchObject({ code: 'storage.corrupt' });
  journal.record(leaseFacts(1, 1).assigned);
  await journal.flush();
  await clock.advance(60_000);
  expect([told, store.lastSeq()]).toEqual([[], before]);
});

test('whichever page is damaged, what needs it is refused as damaged, and nothing half is written', async () => {
  const { path, bytes } = await filled();
  const pages = bytes.length / pageBytesOf(bytes);
  let refused = 0;
  for (let page = 1; page <= pages; page += 1) {
    damage(path, bytes, page);
    let step = 'open';
    try {
      const store = openStore(path, 'full', atMs);
      try {
        step = 'use';
        store.recovery();
        await store.commit([accept(makeTask(61)), { kind: 'fact', atMs, fact: leaseFacts(61, 1).assigned }]);
        store.readyRows({ priority: 5, taskType: 'general', afterSeq: 0 }, 100);
      } finally {
        store.close();
      }
    } catch (error) {
      refused += 1;
      const fault = (asStorageError(error) as { details?: { fault?: string } }).details?.fault;
      expect([page, step, storageFault(error) ?? fault]).toEqual([page, step, 'corrupt']);
    }
  }
  expect(refused).toBeGreaterThan(pages / 3);
});
