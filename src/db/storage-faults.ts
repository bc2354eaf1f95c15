import Database from 'better-sqlite3';
import { DrizzleError } from 'drizzle-orm';
import { KoubouError } from '../machines/errors.ts';

/** What may go wrong with the disk, by what helps. */
export type StorageFault = 'busy' | 'full' | 'readonly' | 'io' | 'corrupt';

/** The class of a failure of SQLite; `undefined` for errors that are no fault of the disk. */
export function storageFault(error: unknown): StorageFault | undefined {
  if (error instanceof DrizzleError) return storageFault(error.cause);
  if (!(error instanceof Database.SqliteError)) return undefined;
  const code = error.code;
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'busy';
  if (code === 'SQLITE_PROTOCOL') return 'busy'; // Too many at the locks of the log, at once.
  if (code === 'SQLITE_FULL') return 'full';
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_PERM') {
    return 'readonly';
  }
  if (code.startsWith('SQLITE_IOERR') || code === 'SQLITE_NOMEM') return 'io';
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'corrupt';
  return undefined;
}

const adviceOf: Record<StorageFault, string> = {
  busy: 'another program holds the database; close its transaction',
  full: 'the disk is full; free some space',
  readonly:
    'the database cannot be written; check the permissions of its folder and that the disk is mounted writable',
  io: 'the disk failed; check it and the system log',
  corrupt: 'the database is damaged; stop, keep a copy of db/, and restore a backup or run `koubou doctor`',
};

/** An error that says what to do, of whatever went wrong with the disk; other errors pass unchanged. */
export function asStorageError(error: unknown): unknown {
  const fault = storageFault(error);
  if (fault === undefined) return error;
  const code = fault === 'corrupt' ? 'storage.corrupt' : 'storage.unavailable';
  return new KoubouError(code, adviceOf[fault], { cause: error, details: { fault }, retryAfterMs: 1_000 });
}
