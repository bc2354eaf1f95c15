import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { KoubouError } from '../machines/errors.ts';
import { retentionLimits } from '../machines/retention-limits.ts';
import * as schema from './schema.ts';
import { asStorageError } from './storage-faults.ts';

export type Db = BetterSQLite3Database<typeof schema> & { $client: Database.Database };

/** `full` survives a loss of power, `normal` a killed process. */
export type Durability = 'full' | 'normal';

/**
 * How long a write waits inside SQLite for another process, in ms. The event loop stands still meanwhile, so it is
 * short; the journal tries again later.
 */
const busyTimeoutMs = 20;

const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url));

/**
 * Opens the database for writing, checks it, and brings its tables up to date, whole or not at all.
 *
 * @throws KoubouError `storage.corrupt`, `storage.unavailable`
 */
export function openDatabase(path: string, durability: Durability): Db {
  let client: Database.Database | undefined;
  try {
    client = new Database(path, { timeout: busyTimeoutMs });
    refuseForeign(client); // Before anything is written.
    const db = drizzle(client, { schema });
    // Before anything is in it, or it has no effect: free pages can then be given back while the server works.
    client.pragma('auto_vacuum = INCREMENTAL');
    client.pragma('journal_mode = WAL');
    client.pragma(`synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    client.pragma('foreign_keys = ON');
    client.pragma('cache_size = -16000');
    // Pages that many commits change are copied back once instead of each time; the log then takes 16 MB.
    client.pragma('wal_autocheckpoint = 4000');
    // A long reader may have made it longer; then the file is cut when it is begun anew.
    client.pragma(`journal_size_limit = ${retentionLimits.walBytesKept}`);
    migrate(db, { migrationsFolder });
    return db;
  } catch (error) {
    client?.close();
    throw asStorageError(error);
  }
}

/** Opens the database for one reader. It sees each commit, and blocks nobody. */
export function openReader(path: string): Db {
  const client = new Database(path, { readonly: true, fileMustExist: true, timeout: 1_000 });
  client.pragma('cache_size = -4000');
  return drizzle(client, { schema });
}

/** The Python Koubou kept other columns under the same name; writing into its file would help nobody. */
function refuseForeign(client: Database.Database): void {
  const columns = client.pragma('table_info(task_master)') as { name: string }[];
  if (columns.length === 0 || columns.some(({ name }) => name === 'seq')) return;
  throw new KoubouError(
    'home.unusable',
    'db/koubou.db was written by another program (its task_master has no column "seq"); move it aside and start again',
  );
}
