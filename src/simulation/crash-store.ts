import Database from 'better-sqlite3';
import type { Entry, Receipt, Store } from '../db/store.ts';
import { CommitCounts, type CommitKind, kindsOf } from './commit-kinds.ts';
import type { VirtualDisk } from './virtual-disk.ts';

/** The codes that SQLite gives. */
export type DiskFault = 'SQLITE_BUSY' | 'SQLITE_FULL' | 'SQLITE_IOERR_WRITE' | 'SQLITE_READONLY';

/** What becomes of one commit. */
export type CommitFate =
  | 'done'
  | 'killed before'
  | 'killed within'
  | 'killed after'
  /** The power goes while it is written: as if it had never been. */
  | 'power lost'
  | DiskFault;

/** One write, as it is about to be done. */
export interface WriteAttempt {
  /** Its number among all commits of the world, from 1 on; `null` for what has a transaction of its own. */
  readonly commit: number | null;
  readonly kinds: ReadonlySet<CommitKind>;
  /** How often a kind was met, this time included. */
  readonly metOf: (kind: CommitKind) => number;
}

export interface CrashStorePorts {
  readonly fateOf: (attempt: WriteAttempt) => CommitFate;
  readonly isRecovering: () => boolean;
  /** On disk, whether or not the process lives to hear of it. */
  readonly onCommitted: (receipt: Receipt) => void;
  readonly onForgotten: (beforeMs: number, tasks: number) => void;
  readonly onFailed: (code: DiskFault) => void;
  readonly onKilled: (fate: Exclude<CommitFate, 'done' | DiskFault>) => void;
}

/**
 * The real store, with a disk that fails and processes that die at their commits. Rows stay as SQLite leaves them: a
 * commit that is killed within is one of which some statements have run.
 */
export class CrashStore {
  readonly counts = new CommitCounts();
  readonly #disk: VirtualDisk;
  readonly #wrap: (store: Store) => Store;
  readonly #ports: CrashStorePorts;
  #real: Store;
  #commits = 0;

  constructor(disk: VirtualDisk, wrap: (store: Store) => Store, ports: CrashStorePorts) {
    this.#disk = disk;
    this.#wrap = wrap;
    this.#ports = ports;
    this.#real = wrap(disk.store);
  }

  /** What is on disk, read past the process. */
  get real(): Store {
    return this.#real;
  }

  /** Commits that were asked for. */
  get commits(): number {
    return this.#commits;
  }

  /** The disk has been opened anew. */
  renew(): void {
    this.#real = this.#wrap(this.#disk.store);
  }

  /** The store as one process sees it. Once that is dead, nothing of it reaches the disk. */
  forProcess({ isDead }: { readonly isDead: () => boolean }): Store {
    const real = this.#real;
    const write = <T>(kind: CommitKind, act: () => T, otherwise: T): T =>
      isDead() ? otherwise : this.#write(kind, act, otherwise);
    const own: Partial<Store> = {
      commit: (entries) => (isDead() ? never<Receipt>() : this.#commit(entries)),
      takeDue: (nowMs, limit) => write('start times', () => real.takeDue(nowMs, limit), []),
      registerWorkers: (...args) => {
        write('workers of a start', () => real.registerWorkers(...args), undefined);
      },
      registerWorker: (...args) => {
        write('worker of a reload', () => real.registerWorker(...args), undefined);
      },
      forgetCompleted: (beforeMs, limit) => write('retention', () => this.#forget(real, beforeMs, limit), 0),
      upkeep: {
        ...real.upkeep,
        deleteTasks: (slice) =>
          write('retention', () => real.upkeep.deleteTasks(slice), { deleted: 0, next: null }),
        cutEvents: (to, limit) =>
          write('retention', () => real.upkeep.cutEvents(to, limit), { deleted: 0, floor: 0 }),
      },
      // The disk outlives the process.
      close: () => undefined,
    };
    return new Proxy(real, {
      get: (target, name) => {
        const replaced: unknown = Reflect.get(own, name);
        if (replaced !== undefined) return replaced;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  #forget(real: Store, beforeMs: number, limit: number): number {
    const tasks = real.forgetCompleted(beforeMs, limit);
    this.#ports.onForgotten(beforeMs, tasks);
    return tasks;
  }

  /** What has a transaction of its own, and is done at once. A process that is killed at it runs on to nowhere. */
  #write<T>(kind: CommitKind, act: () => T, otherwise: T): T {
    const { onKilled } = this.#ports;
    const fate = this.#fateOf(null, new Set([kind]));
    switch (fate) {
      case 'done':
        return act();
      case 'killed before':
      case 'killed within':
      case 'power lost':
        onKilled(fate);
        return otherwise;
      case 'killed after':
        act();
        onKilled(fate);
        return otherwise;
      case 'SQLITE_BUSY':
      case 'SQLITE_FULL':
      case 'SQLITE_IOERR_WRITE':
      case 'SQLITE_READONLY':
        throw failureOf(fate);
    }
  }

  async #commit(entries: readonly Entry[]): Promise<Receipt> {
    const { isRecovering, onCommitted, onFailed, onKilled } = this.#ports;
    this.#commits += 1;
    const fate = this.#fateOf(this.#commits, kindsOf(entries, isRecovering()));
    const commit = (what: readonly Entry[]) => this.#real.commit(what);
    switch (fate) {
      case 'done':
        break;
      case 'killed before':
        onKilled(fate);
        return never();
      case 'killed within':
      case 'power lost':
        await this.#disk.tear(commit, entries, fate === 'power lost' ? 'power' : 'kill');
        onKilled(fate);
        return never();
      case 'killed after':
        onCommitted(await commit(entries));
        onKilled(fate);
        return never();
      case 'SQLITE_BUSY':
      case 'SQLITE_FULL':
      case 'SQLITE_IOERR_WRITE':
      case 'SQLITE_READONLY':
        onFailed(fate);
        throw failureOf(fate);
    }
    const receipt = await commit(entries);
    onCommitted(receipt);
    return receipt;
  }

  #fateOf(commit: number | null, kinds: ReadonlySet<CommitKind>): CommitFate {
    this.counts.meet(kinds);
    const fate = this.#ports.fateOf({ commit, kinds, metOf: (kind) => this.counts.of(kind).met });
    if (fate.startsWith('killed') || fate === 'power lost') this.counts.kill(kinds);
    return fate;
  }
}

function failureOf(code: DiskFault): Error {
  return new Database.SqliteError('the disk of the simulation fails', code);
}

/** What a dead process waits for. */
function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
