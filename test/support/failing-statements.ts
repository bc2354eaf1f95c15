import Database from 'better-sqlite3';
import { onDisposal } from './disposal.ts';

type Method = (...args: unknown[]) => unknown;
type Statement = Record<'run' | 'get' | 'all', Method>;

/**
 * The driver of SQLite, with a statement that fails: BEGIN and COMMIT count as well. The real ones are back after the
 * test.
 */
export class FailingStatements {
  /** Statements that were run. */
  ran = 0;
  /** The n-th from now on fails, once, from 1 on; `null` for none. */
  #at: number | null = null;
  #code = '';

  constructor() {
    const client = new Database(':memory:');
    const prototype = Object.getPrototypeOf(client.prepare('SELECT 1')) as Statement;
    client.close();
    for (const name of ['run', 'get', 'all'] as const) {
      const real = prototype[name];
      const faults = this;
      prototype[name] = function failing(this: unknown, ...args: unknown[]) {
        faults.#count();
        return real.apply(this, args);
      };
      onDisposal(() => {
        prototype[name] = real;
      });
    }
  }

  failAt(n: number, code: string): void {
    this.ran = 0;
    this.#at = n;
    this.#code = code;
  }

  /** Nothing fails any more. @returns whether something did */
  disarm(): boolean {
    const hasFailed = this.#at === null;
    this.#at = null;
    return hasFailed;
  }

  #count(): void {
    this.ran += 1;
    if (this.ran !== this.#at) return;
    this.#at = null;
    throw new Database.SqliteError('the disk fails', this.#code);
  }
}
