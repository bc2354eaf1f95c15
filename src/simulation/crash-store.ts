import Database from 'better-sqlite3';
import type { Entry, Receipt, Store } from '../db/store.ts';

/** What becomes of one commit. */
export type CommitFate =
  | 'done'
  | 'killed before'
  | 'killed within'
  | 'killed after'
  /** The codes that SQLite gives. */
  | 'SQLITE_BUSY'
  | 'SQLITE_FULL'
  | 'SQLITE_IOERR_WRITE';

export interface CrashStorePorts {
  /** Decides over the n-th commit of the world, from 1 on. */
  readonly fateOf: (commit: number) => CommitFate;
  /** On disk, whether or not the process lives to hear of it. */
  readonly onCommitted: (receipt: Receipt) => void;
  readonly onFailed: (code: string) => void;
  readonly onKilled: (fate: CommitFate) => void;
}

/**
 * The real store, with a disk that fails and processes that die at their commits. Rows stay as SQLite leaves them: a
 * commit that is killed within is one that SQLite rolls back after some of its statements have run.
 */
export class CrashStore {
  readonly real: Store;
  readonly #ports: CrashStorePorts;
  #commits = 0;

  constructor(real: Store, ports: CrashStorePorts) {
    this.real = real;
    this.#ports = ports;
  }

  /** Commits that were asked for. */
  get commits(): number {
    return this.#commits;
  }

  /** The store as one process sees it. Once that is dead, nothing of it reaches the disk. */
  forProcess({ isDead }: { readonly isDead: () => boolean }): Store {
    const { real } = this;
    const unlessDead = <T>(write: () => T, otherwise: T): T => (isDead() ? otherwise : write());
    const own: Partial<Store> = {
      commit: (entries) => (isDead() ? never<Receipt>() : this.#commit(entries)),
      takeDue: (nowMs, limit) => unlessDead(() => real.takeDue(nowMs, limit), []),
      registerWorkers: (...args) => unlessDead(() => real.registerWorkers(...args), undefined),
      registerWorker: (...args) => unlessDead(() => real.registerWorker(...args), undefined),
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

  async #commit(entries: readonly Entry[]): Promise<Receipt> {
    const { fateOf, onCommitted, onFailed, onKilled } = this.#ports;
    this.#commits += 1;
    const fate = fateOf(this.#commits);
    switch (fate) {
      case 'done':
        break;
      case 'killed before':
        onKilled(fate);
        return never();
      case 'killed within':
        await this.real.commit(torn(entries)).then(onCommitted, () => undefined);
        onKilled(fate);
        return never();
      case 'killed after':
        onCommitted(await this.real.commit(entries));
        onKilled(fate);
        return never();
      case 'SQLITE_BUSY':
      case 'SQLITE_FULL':
      case 'SQLITE_IOERR_WRITE':
        onFailed(fate);
        throw new Database.SqliteError('the disk of the simulation fails', fate);
    }
    const receipt = await this.real.commit(entries);
    onCommitted(receipt);
    return receipt;
  }
}

/** The same entries, and one behind the first half that cannot be written. */
function torn(entries: readonly Entry[]): readonly Entry[] {
  const half = Math.ceil(entries.length / 2);
  const fatal = { kind: 'beat', atMs: Number.NaN, workerId: {} } as unknown as Entry;
  return [...entries.slice(0, half), fatal, ...entries.slice(half)];
}

/** What a dead process waits for. */
function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
