import { statSync } from 'node:fs';
import { openDatabase } from '../db/client.ts';
import { type HomePaths, takeHome } from '../db/home.ts';
import { asStorageError } from '../db/storage-faults.ts';
import type { Shrunk } from '../runtime/retention.ts';

/**
 * Rewrites the database of a home that no server runs on, so that it takes no more than what it holds, and can be shrunk while
 * a server runs from then on. It takes as much free disk as the file has.
 *
 * @throws KoubouError `home.locked`, `storage.corrupt`, `storage.unavailable`
 */
export function vacuumHome(paths: HomePaths): Shrunk {
  const lock = takeHome(paths, process.pid);
  try {
    const before = statSync(paths.database).size;
    const { $client: client } = openDatabase(paths.database, 'full');
    try {
      client.exec('VACUUM');
      client.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      client.close();
    }
    const fileBytes = statSync(paths.database).size;
    return { bytes: before - fileBytes, fileBytes, shrinks: true };
  } catch (error) {
    throw asStorageError(error);
  } finally {
    lock.release();
  }
}
