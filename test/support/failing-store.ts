import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Entry, Receipt, Store } from '../../src/db/store.ts';

/** The real store, on a disk that fails while a test says so, with the error that SQLite gives then. */
export class FailingStore {
  /** `SQLITE_FULL`, `SQLITE_IOERR_WRITE`, `SQLITE_BUSY`, …; `null` for a disk that works. */
  code: string | null = null;
  commits = 0;
  /** Looks for rows behind the window. */
  reads = 0;
  readonly store: Store;

  constructor(home: string) {
    mkdirSync(join(home, 'db'), { recursive: true });
    const real = openStore(join(home, 'db', 'koubou.db'), 'normal', Date.now());
    const commit = async (entries: readonly Entry[]): Promise<Receipt> => {
      this.commits += 1;
      if (this.code !== null) throw new Database.SqliteError('the disk fails', this.code);
      return real.commit(entries);
    };
    this.store = new Proxy(real, {
      get: (target, name) => {
        if (name === 'commit') return commit;
        if (name === 'readyRows') this.reads += 1;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}
