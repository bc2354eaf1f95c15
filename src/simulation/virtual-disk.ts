import { openStore } from '../db/sqlite-store.ts';
import type { Entry, Receipt, Store } from '../db/store.ts';

/** In the middle of which a process ends: it is killed, or the power goes and what was not synced goes with it. */
export type TornBy = 'kill' | 'power';

/** What was found when a database was opened that nobody had closed. */
export interface DiskCheck {
  /** What `integrity_check` and `foreign_key_check` say; `ok` when nothing is wrong. */
  readonly integrity: string;
  /** The `seq` of the last event in it. */
  readonly lastSeq: number;
}

export type Commit = (entries: readonly Entry[]) => Promise<Receipt>;

/** What outlives the process. */
export interface VirtualDisk {
  /** As the process that lives now has opened it; another one after a crash. */
  readonly store: Store;
  /** Tries to write, and is left in the middle of it: nothing of it may be there when the disk is opened anew. */
  tear(commit: Commit, entries: readonly Entry[], by: TornBy): Promise<void>;
  /** The process is dead: what it left is opened as the next one will find it. `undefined` where there is no file. */
  crash(nowMs: number): DiskCheck | undefined;
  /** The process has ended in order, and has closed it. */
  reopen(nowMs: number): void;
  close(): void;
}

/** A database in memory: rows stay as SQLite leaves them, since there is no file in which anything could be cut. */
export class MemoryDisk implements VirtualDisk {
  readonly store: Store;

  constructor(nowMs: number) {
    this.store = openStore(':memory:', 'normal', nowMs);
  }

  async tear(commit: Commit, entries: readonly Entry[]): Promise<void> {
    await commit(torn(entries, () => undefined)).catch(() => undefined);
  }

  crash(): undefined {
    return undefined;
  }

  reopen(): void {
    // It outlives the process as it is.
  }

  close(): void {
    this.store.close();
  }
}

/** The same entries, and one behind the first half at which the process ends: SQLite has run some of the statements. */
export function torn(entries: readonly Entry[], onHalf: () => void): readonly Entry[] {
  const half = Math.ceil(entries.length / 2);
  const fatal: Entry = {
    kind: 'beat',
    atMs: 0,
    get workerId(): never {
      onHalf();
      throw new Error('killed in the middle of a transaction');
    },
  };
  return [...entries.slice(0, half), fatal, ...entries.slice(half)];
}
