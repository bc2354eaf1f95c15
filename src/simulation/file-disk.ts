import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openStore } from '../db/sqlite-store.ts';
import type { Entry, Store } from '../db/store.ts';
import { cutLog, type Image, mixPages } from './disk-image.ts';
import { type Commit, type DiskCheck, type TornBy, torn, type VirtualDisk } from './virtual-disk.ts';

/** In memory where the system has such a folder: a simulation shall wear out no disk. */
const inMemory = '/dev/shm';
/** Of kills, so many find the log half copied back into the database. */
const shareInCheckpoint = 0.3;

/**
 * A database in a file. Whatever a process leaves there when it dies is copied — never the `-shm`, which is gone with
 * the machine — and the copy is opened as the next process does it.
 */
export class FileDisk implements VirtualDisk {
  readonly #folder = mkdtempSync(join(existsSync(inMemory) ? inMemory : tmpdir(), 'koubou-simulation-'));
  readonly #draw: (purpose: string) => number;
  #generation = 0;
  #path: string;
  #store: Store;
  /** What the process that died has open: turns of it that go on may still read. */
  #abandoned: Store | undefined;
  /** What is left where the process died in the middle of a commit. */
  #image: Image | undefined;

  /** @param draw uniform in [0, 1), another one for each purpose */
  constructor(nowMs: number, draw: (purpose: string) => number) {
    this.#draw = draw;
    this.#path = this.#nextPath();
    this.#store = openStore(this.#path, 'full', nowMs);
  }

  get store(): Store {
    return this.#store;
  }

  async tear(commit: Commit, entries: readonly Entry[], by: TornBy): Promise<void> {
    const before = this.#look();
    if (by === 'power') {
      // It is written, and then it turns out that not all of it has reached the disk.
      await commit(entries).catch(() => undefined);
      const { database, log } = this.#look();
      this.#image = { database, log: cutLog(before.log, log, this.#draw) };
      return;
    }
    const take = () => {
      this.#image = this.#look();
    };
    await commit(torn(entries, take)).catch(() => undefined);
  }

  crash(nowMs: number): DiskCheck {
    const image = this.#image ?? this.#imageOfKill();
    this.#image = undefined;
    this.#abandoned?.close();
    this.#abandoned = this.#store;
    this.#path = this.#nextPath();
    writeFileSync(this.#path, image.database);
    writeFileSync(`${this.#path}-wal`, image.log);
    this.#store = openStore(this.#path, 'full', nowMs);
    return { integrity: integrityOf(this.#path), lastSeq: this.#store.lastSeq() };
  }

  reopen(nowMs: number): void {
    this.#store.close();
    this.#store = openStore(this.#path, 'full', nowMs);
  }

  close(): void {
    this.#abandoned?.close();
    this.#store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Killed between two steps, or while pages of the log were being copied back. */
  #imageOfKill(): Image {
    const image = this.#look();
    if (this.#draw('in a checkpoint') >= shareInCheckpoint) return image;
    const client = new Database(this.#path);
    client.pragma('wal_checkpoint(PASSIVE)');
    client.close();
    const pages = this.#look().database;
    return { database: mixPages(image.database, pages, this.#draw), log: image.log };
  }

  #look(): Image {
    const log = `${this.#path}-wal`;
    return {
      database: readFileSync(this.#path),
      log: existsSync(log) ? readFileSync(log) : Buffer.alloc(0),
    };
  }

  #nextPath(): string {
    this.#generation += 1;
    const folder = join(this.#folder, `${this.#generation}`);
    mkdirSync(folder);
    rmSync(join(this.#folder, `${this.#generation - 2}`), { recursive: true, force: true });
    return join(folder, 'koubou.db');
  }
}

/** `ok`, or what SQLite finds wrong with a database. */
function integrityOf(path: string): string {
  const client = new Database(path, { readonly: true });
  try {
    const found = client.pragma('integrity_check', { simple: true }) as string;
    const strays = client.pragma('foreign_key_check') as unknown[];
    return strays.length === 0 ? found : `${strays.length} rows refer to nothing`;
  } finally {
    client.close();
  }
}
