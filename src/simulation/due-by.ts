import type { Ledger } from './ledger.ts';
import type { WorldEvent } from './world-events.ts';

/** While the disk fails, and for so long after it works again, nothing needs to be on record. */
const recordingMs = 1_000;

/**
 * What must have happened by a certain time. While the process stands still no time passes for it, and what happened
 * cannot be told from the record while the disk fails; the death of the process settles everything.
 */
export class DueBy<K> {
  readonly #ledger: Ledger;
  readonly #due = new Map<K, number>();
  #asleepUntilMs = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  expect(key: K, nowMs: number, withinMs: number): void {
    this.#due.set(key, Math.max(nowMs, this.#asleepUntilMs) + withinMs);
  }

  /** It has happened, or need not any more. */
  settle(key: K): void {
    this.#due.delete(key);
  }

  settleWhere(isSettled: (key: K) => boolean): void {
    for (const key of this.#due.keys()) if (isSettled(key)) this.#due.delete(key);
  }

  /** Sees each event; answers what is overdue by now, once. */
  overdue(event: WorldEvent, nowMs: number): K | undefined {
    if (event.type === 'fault' && event.name.startsWith('process.s')) {
      this.#asleepUntilMs = Math.max(this.#asleepUntilMs, nowMs + event.forMs);
      for (const [key, atMs] of this.#due) this.#due.set(key, atMs + event.forMs);
    }
    if (event.type === 'process.began') this.#asleepUntilMs = 0;
    if (event.type === 'process.died' || event.type === 'process.stopping') this.#due.clear();
    for (const [key, atMs] of this.#due) {
      if (nowMs <= atMs) continue;
      if (this.#ledger.isStalled) {
        this.#due.set(key, nowMs + recordingMs);
        continue;
      }
      this.#due.delete(key);
      return key;
    }
    return undefined;
  }
}
