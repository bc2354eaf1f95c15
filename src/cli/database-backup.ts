import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { makeFolders } from '../db/home.ts';
import { KoubouError } from '../machines/errors.ts';

export interface Backup {
  readonly bytes: number;
  readonly tasks: number;
}

/** More than any database has. */
const pagesMax = 0x7fff_ffff;

/**
 * Copies a database that may be written meanwhile, checks the copy, and only then gives it its name. The copy is one
 * file, without `-wal` beside it.
 *
 * @throws KoubouError `storage.corrupt`, `storage.unavailable`
 */
export async function backUp(database: string, target: string): Promise<Backup> {
  const draft = `${target}.part`;
  try {
    makeFolders(dirname(target));
    rmSync(draft, { force: true });
    await copy(database, draft);
    const tasks = check(draft);
    const { size: bytes } = statSync(draft);
    renameSync(draft, target);
    return { bytes, tasks };
  } catch (error) {
    rmSync(draft, { force: true });
    if (error instanceof KoubouError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new KoubouError('storage.unavailable', `the backup could not be written: ${reason}`, {
      cause: error,
    });
  }
}

async function copy(database: string, draft: string): Promise<void> {
  const source = new Database(database, { readonly: true, fileMustExist: true });
  try {
    // All at once: a copy in small steps begins anew with each write of a busy server.
    await source.backup(draft, { progress: () => pagesMax });
  } finally {
    source.close();
  }
}

function check(draft: string): number {
  const copied = new Database(draft);
  try {
    copied.pragma('journal_mode = DELETE');
    const verdict = copied.pragma('quick_check(1)', { simple: true });
    if (verdict !== 'ok') {
      throw new KoubouError('storage.corrupt', `the database is damaged (${verdict}); no backup was kept`);
    }
    const { count } = copied.prepare('SELECT count(*) AS count FROM task_master').get() as { count: number };
    return count;
  } finally {
    copied.close();
  }
}
