import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/client.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import { storageFault } from '../../src/db/storage-faults.ts';
import type { Entry, Store } from '../../src/db/store.ts';
import { KoubouError } from '../../src/machines/errors.ts';
import { onDisposal } from '../support/disposal.ts';
import { FailingStatements } from '../support/failing-statements.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import {
  accept,
  alive,
  atMs,
  cancelledWaiting,
  entry,
  leaseFacts,
  local,
  makeTask,
  moved,
  registration,
  remote,
} from '../support/store-samples.ts';

const codes = [
  'SQLITE_BUSY',
  'SQLITE_FULL',
  'SQLITE_IOERR_WRITE',
  'SQLITE_READONLY',
  'SQLITE_CORRUPT',
] as const;
const classOf = {
  SQLITE_BUSY: 'busy',
  SQLITE_FULL: 'full',
  SQLITE_IOERR_WRITE: 'io',
  SQLITE_READONLY: 'readonly',
  SQLITE_CORRUPT: 'corrupt',
} as const;

const lease = leaseFacts(1, 1);
const next = leaseFacts(1, 2);
const keyed: Entry = {
  kind: 'accept',
  atMs,
  tasks: [makeTask(2), makeTask(3)],
  idempotency: { key: 'k', fingerprint: 'f' },
};

/** Everything that a store writes, in the order of a short life. */
const life: readonly ((store: Store) => unknown)[] = [
  (store) => store.registerWorkers([registration(local), registration(remote)], atMs),
  (store) => store.commit([entry(alive()), { kind: 'beat', atMs, workerId: local }]),
  (store) => store.commit([accept(makeTask(1)), keyed]),
  (store) => store.commit([accept(makeTask(4, { runAtMs: atMs + 1_000 }))]),
  (store) => store.commit([entry(lease.assigned)]),
  (store) => store.commit([entry(lease.delayed), entry(moved(2, 9))]),
  (store) => store.takeDue(atMs + 60_000, 10),
  (store) => store.commit([entry(next.assigned), entry(cancelledWaiting(2))]),
  (store) => store.commit([entry(next.completed), entry({ type: 'pool.paused' })]),
  (store) => store.registerWorker(registration(remote, { maxConcurrentTasks: 3 }), false, atMs),
  (store) => store.forgetCompleted(atMs + 60_000, 10),
];

function open() {
  const path = join(memoryFolder(), 'koubou.db');
  const store = openStore(path, 'full', atMs);
  onDisposal(() => store.close());
  const reader = new Database(path, { readonly: true });
  onDisposal(() => reader.close());
  const tables = ['task_master', 'task_assignments', 'events', 'workers', 'idempotency_keys'];
  const dumps = tables.map((table) => reader.prepare(`SELECT * FROM ${table}`));
  return { store, path, rows: () => JSON.stringify(dumps.map((dump) => dump.all())) };
}

test('whichever statement fails, nothing of its transaction is there, and the same again succeeds', async () => {
  const faults = new FailingStatements();
  const whole = open();
  for (const step of life) await step(whole.store);
  const expected = whole.rows();
  let failures = 0;
  for (let n = 1; ; n += 1) {
    const { store, rows } = open();
    const code = codes[n % codes.length] as (typeof codes)[number];
    let armedAt = n;
    let hasFailed = false;
    for (const step of life) {
      const before = rows();
      faults.failAt(armedAt, code);
      const error = await Promise.resolve(store)
        .then(step)
        .then(
          () => undefined,
          (caught: unknown) => caught,
        );
      const ran = faults.ran;
      if (!faults.disarm() || hasFailed) {
        expect(error).toBeUndefined();
        armedAt -= ran;
        continue;
      }
      hasFailed = true;
      armedAt = 0;
      expect([n, storageFault(error)]).toEqual([n, classOf[code]]);
      expect([n, rows()]).toEqual([n, before]);
      await step(store);
    }
    expect([n, rows()]).toEqual([n, expected]);
    if (!hasFailed) break;
    failures += 1;
  }
  expect(failures).toBeGreaterThan(60);
});

test('whichever statement fails while a database is opened, it is refused in plain words, and opens the next time', () => {
  const faults = new FailingStatements();
  let failures = 0;
  for (let n = 1; ; n += 1) {
    const path = join(memoryFolder(), 'koubou.db');
    const code = codes[n % codes.length] as (typeof codes)[number];
    faults.failAt(n, code);
    let error: unknown;
    try {
      openDatabase(path, 'full').$client.close();
    } catch (caught) {
      error = caught;
    }
    if (!faults.disarm()) break;
    failures += 1;
    expect(error).toBeInstanceOf(KoubouError);
    expect(error).toMatchObject({ details: { fault: classOf[code] } });
    const { $client: client } = openDatabase(path, 'full');
    expect(client.pragma('integrity_check', { simple: true })).toBe('ok');
    client.close();
  }
  expect(failures).toBeGreaterThan(10);
});
