import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openDatabase, openReader } from '../../src/db/client.ts';
import { openStore, prepareStatements } from '../../src/db/sqlite-store.ts';
import { asStorageError, storageFault } from '../../src/db/storage-faults.ts';
import { KoubouError } from '../../src/machines/errors.ts';
import { onDisposal } from '../support/disposal.ts';
import { taskIdOf } from '../support/pool-samples.ts';
import { accept, atMs, freshHome, makeTask } from '../support/store-samples.ts';

const freshFile = () => join(freshHome(), 'koubou.db');

function openRaw(path: string): Database.Database {
  const client = new Database(path);
  onDisposal(() => client.close());
  return client;
}

/** What `run` throws. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('a database in the hands of another program', () => {
  test('is busy: the commit fails as a whole and works later', async () => {
    const path = freshFile();
    const store = openStore(path, 'normal', atMs);
    onDisposal(() => store.close());
    const other = openRaw(path);
    other.exec('BEGIN IMMEDIATE');
    const error = await store.commit([accept(makeTask(1))]).catch((caught: unknown) => caught);
    expect(storageFault(error)).toBe('busy');
    expect(store.task(taskIdOf(1))).toBeUndefined();
    other.exec('ROLLBACK');
    expect((await store.commit([accept(makeTask(1))])).committed).toMatchObject([{ seq: 1 }]);
  });

  test('does not stop the event loop for long', async () => {
    const path = freshFile();
    const store = openStore(path, 'normal', atMs);
    onDisposal(() => store.close());
    openRaw(path).exec('BEGIN IMMEDIATE');
    const sinceMs = performance.now();
    await expect(store.commit([accept(makeTask(1))])).rejects.toThrow();
    expect(performance.now() - sinceMs).toBeLessThan(1_000);
  });

  test('cannot be opened for the first time, and says why', () => {
    const path = freshFile();
    openRaw(path).exec('BEGIN EXCLUSIVE; CREATE TABLE mine (x)');
    expect(thrownBy(() => openStore(path, 'normal', atMs))).toMatchObject({
      code: 'storage.unavailable',
      details: { fault: 'busy' },
      message: 'another program holds the database; close its transaction',
    });
  });

  test('cannot get its tables from us, and says why', () => {
    const path = freshFile();
    const other = openRaw(path);
    other.pragma('journal_mode = WAL');
    other.exec('BEGIN IMMEDIATE');
    const error = thrownBy(() => openStore(path, 'normal', atMs));
    expect(error).toMatchObject({ code: 'storage.unavailable', details: { fault: 'busy' } });
    other.exec('ROLLBACK');
    openStore(path, 'normal', atMs).close();
  });

  test('can be read meanwhile', async () => {
    const path = freshFile();
    const store = openStore(path, 'normal', atMs);
    onDisposal(() => store.close());
    await store.commit([accept(makeTask(1))]);
    openRaw(path).exec('BEGIN IMMEDIATE');
    expect(store.task(taskIdOf(1))).toBeDefined();
    const reader = openReader(path);
    onDisposal(() => reader.$client.close());
    expect(prepareStatements(reader).tasks.byId.get({ taskId: taskIdOf(1) })).toBeDefined();
  });
});

describe('a full disk', () => {
  test('fails the commit as a whole, and works again when there is room', async () => {
    const db = openDatabase(freshFile(), 'normal');
    onDisposal(() => db.$client.close());
    const { insert } = prepareStatements(db).idempotency;
    const pages = db.$client.pragma('page_count', { simple: true }) as number;
    db.$client.pragma(`max_page_count = ${pages}`);
    const fill = db.$client.transaction(() => {
      for (let at = 0; at < 500; at += 1)
        insert.run({ key: `key ${at}`, fingerprint: 'f'.repeat(500), taskIds: '[]', atMs });
    }).immediate;
    const error = thrownBy(() => fill());
    expect(storageFault(error)).toBe('full');
    expect(asStorageError(error)).toMatchObject({ code: 'storage.unavailable', retryAfterMs: 1_000 });
    expect(prepareStatements(db).idempotency.byKey.get({ key: 'key 0' })).toBeUndefined();
    db.$client.pragma(`max_page_count = ${pages + 1_000}`);
    fill();
    expect(prepareStatements(db).idempotency.byKey.get({ key: 'key 499' })).toBeDefined();
  });
});

describe('a file that is no database of ours', () => {
  test.each([
    ['has a broken head', (text: Buffer) => text.fill(0x58, 0, 100)],
    ['is something else', () => Buffer.from('# Notes\n'.repeat(1_000))],
  ])('is refused when it %s, and left as it is', (_what, damage) => {
    const path = freshFile();
    openStore(path, 'normal', atMs).close();
    const damaged = damage(readFileSync(path));
    writeFileSync(path, damaged);
    const error = thrownBy(() => openStore(path, 'normal', atMs));
    expect(error).toBeInstanceOf(KoubouError);
    expect(error).toMatchObject({ code: 'storage.corrupt', details: { fault: 'corrupt' } });
    expect((error as Error).message).toContain('keep a copy of db/');
    expect(readFileSync(path)).toEqual(damaged);
  });

  test('is refused when its tables are damaged, while it is used', async () => {
    const path = freshFile();
    const before = openStore(path, 'normal', atMs);
    for (let seq = 1; seq <= 200; seq += 1) await before.commit([accept(makeTask(seq))]);
    before.close();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4_096);
    writeFileSync(path, bytes);
    const error = thrownBy(() => {
      const store = openStore(path, 'normal', atMs);
      onDisposal(() => store.close());
      store.readyRows({ priority: 5, taskType: 'general', afterSeq: 0 }, 10);
    });
    expect(asStorageError(error)).toMatchObject({ code: 'storage.corrupt' });
  });

  test('is refused when the Python Koubou wrote it, and left as it is', () => {
    const path = freshFile();
    const python = new Database(path);
    python.exec('CREATE TABLE task_master (task_id TEXT PRIMARY KEY, prompt TEXT, status TEXT)');
    python.close();
    const bytes = readFileSync(path);
    const error = thrownBy(() => openStore(path, 'normal', atMs));
    expect(error).toMatchObject({ code: 'home.unusable' });
    expect((error as Error).message).toContain('move it aside');
    expect(readFileSync(path)).toEqual(bytes);
  });

  test('cannot be a folder', () => {
    const path = freshFile();
    mkdirSync(path);
    expect(thrownBy(() => openStore(path, 'normal', atMs))).toMatchObject({
      code: 'storage.unavailable',
      details: { fault: 'readonly' },
    });
  });
});

describe('a database that may not be written', () => {
  test('says so, with what to look at', () => {
    const path = freshFile();
    openStore(path, 'normal', atMs).close();
    const reader = openReader(path);
    onDisposal(() => reader.$client.close());
    const error = thrownBy(() => prepareStatements(reader).tasks.clearRunAt.run({ taskId: 'x' }));
    expect(storageFault(error)).toBe('readonly');
    expect((asStorageError(error) as Error).message).toContain('permissions');
  });

  test('is not made by a reader', () => {
    expect(storageFault(thrownBy(() => openReader(freshFile())))).toBe('readonly');
  });
});

describe('the class of a fault', () => {
  test.each([
    ['SQLITE_BUSY', 'busy'],
    ['SQLITE_BUSY_SNAPSHOT', 'busy'],
    ['SQLITE_LOCKED', 'busy'],
    ['SQLITE_PROTOCOL', 'busy'],
    ['SQLITE_FULL', 'full'],
    ['SQLITE_READONLY_DBMOVED', 'readonly'],
    ['SQLITE_CANTOPEN', 'readonly'],
    ['SQLITE_IOERR_WRITE', 'io'],
    ['SQLITE_NOMEM', 'io'],
    ['SQLITE_CORRUPT_INDEX', 'corrupt'],
    ['SQLITE_NOTADB', 'corrupt'],
  ])('%s is %s', (code, fault) => {
    expect(storageFault(new Database.SqliteError('x', code))).toBe(fault);
  });

  test.each([
    'SQLITE_CONSTRAINT_UNIQUE',
    'SQLITE_CONSTRAINT_FOREIGNKEY',
    'SQLITE_TOOBIG',
    'SQLITE_ERROR',
  ])('%s is no fault of the disk', (code) => {
    const error = new Database.SqliteError('x', code);
    expect(storageFault(error)).toBeUndefined();
    expect(asStorageError(error)).toBe(error);
  });

  test('is none for other errors', () => {
    expect(storageFault(new Error('SQLITE_BUSY'))).toBeUndefined();
    expect(storageFault(undefined)).toBeUndefined();
  });
});
