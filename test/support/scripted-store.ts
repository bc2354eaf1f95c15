import Database from 'better-sqlite3';
import { Journal, type JournalPorts } from '../../src/db/journal.ts';
import type { Entry, Receipt } from '../../src/db/store.ts';
import type { CommittedFact } from '../../src/machines/facts.ts';
import { onDisposal } from './disposal.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What a commit shall do: work, fail as a disk does, or fail for one bad entry. */
export type Fate = 'ok' | 'busy' | 'full' | 'io' | 'hang';

const codeOf = { busy: 'SQLITE_BUSY', full: 'SQLITE_FULL', io: 'SQLITE_IOERR_FSYNC' } as const;

/** A store that does what it is told, and writes down what it was given. */
class ScriptedStore {
  /** What the next commits do; all further ones do the last of it. */
  fates: Fate[] = ['ok'];
  /** Entries that cannot be written, for no fault of the disk. */
  isPoison: (entry: Entry) => boolean = () => false;
  /** What each commit was given. */
  readonly batches: (readonly Entry[])[] = [];
  /** What is written. */
  readonly written: Entry[] = [];
  #release: (() => void) | undefined;
  #seq = 0;

  async commit(entries: readonly Entry[]): Promise<Receipt> {
    this.batches.push(entries);
    const fate = this.fates.length > 1 ? this.fates.shift() : this.fates[0];
    if (fate === 'hang') await new Promise<void>((resolve) => (this.#release = resolve));
    else if (fate !== 'ok' && fate !== undefined)
      throw new Database.SqliteError(`the disk is ${fate}`, codeOf[fate]);
    if (entries.some(this.isPoison)) throw new TypeError('this cannot be bound to a column');
    this.written.push(...entries);
    return { committed: entries.flatMap((entry) => this.#facts(entry)), refused: [] };
  }

  /** Ends a commit that hangs. */
  release(): void {
    this.#release?.();
  }

  #facts(entry: Entry): readonly CommittedFact[] {
    if (entry.kind === 'beat') return [];
    if (entry.kind === 'fact') return [{ seq: ++this.#seq, atMs: entry.atMs, fact: entry.fact }];
    return entry.tasks.map((task) => ({
      seq: ++this.#seq,
      atMs: entry.atMs,
      fact: { type: 'task.accepted', taskId: task.taskId, task },
    }));
  }
}

/** A journal on a scripted store, and all that it says. */
export function setupJournal(ports: Partial<Pick<JournalPorts, 'onCommitted'>> = {}) {
  const store = new ScriptedStore();
  const clock = new VirtualClock();
  /** What was told after a commit: the types of the facts. */
  const told: string[] = [];
  const withdrawn: number[] = [];
  const poison: Entry[] = [];
  const stalls: string[] = [];
  const heard = { resumed: 0, flushes: 0 };
  const journal = new Journal({
    store,
    clock,
    onCommitted: ({ committed }) => told.push(...committed.map(({ fact }) => fact.type)),
    onWithdrawn: (tasks) => void withdrawn.push(...tasks.map(({ seq }) => seq)),
    onStalled: (error) => void stalls.push(error.code),
    onResumed: () => {
      heard.resumed += 1;
    },
    onPoison: (_error, entry) => void poison.push(entry),
    wantFlush: () => {
      heard.flushes += 1;
      clock.defer(() => void journal.flush());
    },
    ...ports,
  });
  onDisposal(() => journal.close());
  return { store, clock, journal, told, withdrawn, poison, stalls, heard };
}
