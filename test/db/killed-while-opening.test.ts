import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/client.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import { mixPages, pageBytesOf } from '../../src/simulation/disk-image.ts';
import { framesOf } from '../../src/simulation/log-frames.ts';
import { onDisposal } from '../support/disposal.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { accept, atMs, makeTask } from '../support/store-samples.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));

interface Files {
  readonly database: Buffer;
  readonly log: Buffer;
}

function filesAt(path: string): Files {
  const log = existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : Buffer.alloc(0);
  return { database: readFileSync(path), log };
}

function leave({ database, log }: Files): string {
  const folder = join(memoryFolder(), 'db');
  mkdirSync(folder);
  const path = join(folder, 'koubou.db');
  writeFileSync(path, database);
  writeFileSync(`${path}-wal`, log);
  return path;
}

interface Item {
  readonly name: string;
  readonly sql: string | null;
}

const schemaOf = (client: Database.Database) =>
  client.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all() as Item[];

/** The table in which drizzle counts is there before the first migration. */
const oursIn = (schema: readonly Item[]) => schema.filter(({ name }) => !name.includes('__drizzle'));

/** A database as an earlier version left it, which knew the first `count` migrations, with one row in it. */
function oldDatabase(count: number): string {
  const folder = memoryFolder();
  cpSync(migrations, join(folder, 'migrations'), { recursive: true });
  const journalFile = join(folder, 'migrations', 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(journalFile, 'utf8')) as { entries: unknown[] };
  writeFileSync(journalFile, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }));
  const path = join(folder, 'koubou.db');
  const client = new Database(path);
  client.pragma('journal_mode = WAL');
  if (count > 0) {
    migrate(drizzle(client), { migrationsFolder: join(folder, 'migrations') });
    client.exec(`INSERT INTO idempotency_keys VALUES ('mine', 'f', '[]', ${atMs})`);
  }
  client.close();
  return path;
}

const countOfMigrations = () =>
  (JSON.parse(readFileSync(join(migrations, 'meta', '_journal.json'), 'utf8')) as { entries: unknown[] })
    .entries.length;

describe('migrations', () => {
  test.each([
    0, 1, 2,
  ])('from the %d first on are whole or not at all, wherever the process is killed', (known) => {
    const path = oldDatabase(known);
    const before = schemaOf(new Database(path, { readonly: true }));
    const { $client: client } = openDatabase(path, 'full');
    onDisposal(() => client.close());
    const { database, log } = filesAt(path);
    const after = schemaOf(client);
    const frames = framesOf(log);
    expect(frames.length).toBeGreaterThan(4);
    const whole = new Set<number>();
    for (const cut of frames.flatMap(({ fromByte, toByte }) => [fromByte, fromByte + 100, toByte])) {
      const left = leave({ database, log: log.subarray(0, cut) });
      const found = new Database(left);
      const applied = schemaOf(found);
      const isWhole = JSON.stringify(applied) === JSON.stringify(after);
      if (!isWhole) expect(oursIn(applied)).toEqual(oursIn(before));
      whole.add(isWhole ? 1 : 0);
      found.close();
      const { $client: next } = openDatabase(left, 'full');
      expect(schemaOf(next)).toEqual(after);
      expect(next.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(next.prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get()).toBe(
        countOfMigrations(),
      );
      expect(next.prepare('SELECT key FROM idempotency_keys').pluck().all()).toEqual(
        known > 0 ? ['mine'] : [],
      );
      next.close();
    }
    expect(whole.size).toBe(2);
  });
});

describe('a checkpoint', () => {
  async function filled(): Promise<{ path: string; before: Files }> {
    const path = join(memoryFolder(), 'koubou.db');
    const store = openStore(path, 'full', atMs);
    onDisposal(() => store.close());
    for (let seq = 1; seq <= 30; seq += 1)
      await store.commit([accept(makeTask(seq, { prompt: 'p'.repeat(3_000) }))]);
    return { path, before: filesAt(path) };
  }

  function rowsAt(path: string): [unknown, string] {
    const { $client: client } = openDatabase(path, 'full');
    const integrity = client.pragma('integrity_check', { simple: true });
    const count = client
      .prepare('SELECT count(*), max(seq), sum(length(prompt)) FROM task_master')
      .raw()
      .get();
    client.close();
    return [integrity, JSON.stringify(count)];
  }

  test('that is killed after any of its pages, or inside one, leaves all that was acknowledged', async () => {
    const { path, before } = await filled();
    const client = new Database(path);
    onDisposal(() => client.close());
    client.pragma('wal_checkpoint(PASSIVE)');
    const { database: copied } = filesAt(path);
    const pageBytes = pageBytesOf(copied);
    expect(copied.length / pageBytes).toBeGreaterThan(40);
    const expected = ['ok', JSON.stringify([30, 30, 90_000])];
    for (let byte = 0; byte <= copied.length; byte += 4.5 * pageBytes) {
      const torn = Buffer.concat([copied.subarray(0, byte), before.database.subarray(byte)]);
      expect([byte, ...rowsAt(leave({ database: torn, log: before.log }))]).toEqual([byte, ...expected]);
    }
    for (let each = 0; each < 5; each += 1) {
      const mixed = mixPages(before.database, copied, (purpose) => ((purpose.length + each * 7) % 10) / 10);
      expect(rowsAt(leave({ database: mixed, log: before.log }))).toEqual(expected);
    }
  });

  test('that is followed by a loss of power in the log that begins anew leaves what it has copied', async () => {
    const { path } = await filled();
    const client = new Database(path);
    onDisposal(() => client.close());
    client.pragma('wal_checkpoint(RESTART)');
    const copied = filesAt(path);
    const store = openStore(path, 'full', atMs);
    onDisposal(() => store.close());
    await store.commit([accept(makeTask(31, { prompt: 'p'.repeat(3_000) }))]);
    const { log } = filesAt(path);
    const frames = framesOf(log);
    expect(frames.length).toBeLessThan(20);
    for (const cut of [8, 31, ...frames.flatMap(({ fromByte, toByte }) => [fromByte, toByte - 1])]) {
      // Behind what was written stand the frames of before.
      const mixed = Buffer.concat([log.subarray(0, cut), copied.log.subarray(cut)]);
      const left = leave({ database: copied.database, log: mixed });
      expect([cut, ...rowsAt(left)]).toEqual([cut, 'ok', JSON.stringify([30, 30, 90_000])]);
    }
  });
});
