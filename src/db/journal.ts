import { type Actor, createActor } from 'xstate';
import { KoubouError } from '../machines/errors.ts';
import type { AcceptedTask, RecordedFact } from '../machines/facts.ts';
import type { TaskId, WorkerId } from '../machines/identifiers.ts';
import { journalMachine } from '../machines/journal-machine.ts';
import { limits } from '../machines/limits.ts';
import { asStorageError, storageFault } from './storage-faults.ts';
import type { Entry, Receipt, Store } from './store.ts';

/** What the journal needs of its host. */
export interface JournalPorts {
  readonly store: Pick<Store, 'commit'>;
  readonly clock: {
    now(): number;
    monotonic(): number;
    setTimeout(fn: () => void, delayMs: number): unknown;
    clearTimeout(handle: unknown): void;
  };
  /** Told of each commit, and of nothing else: the only way out of the system. */
  readonly onCommitted: (receipt: Receipt) => void;
  /** These tasks were never written; their clients have been told so. */
  readonly onWithdrawn: (tasks: readonly AcceptedTask[]) => void;
  /** The disk fails (again), or works again. */
  readonly onStalled: (error: KoubouError) => void;
  readonly onResumed: () => void;
  /** One entry cannot be written although the disk works: a bug, for the log. */
  readonly onPoison: (error: unknown, entry: Entry) => void;
  /** More waits than one transaction takes: flush again soon. */
  readonly wantFlush: () => void;
}

type AcceptEntry = Extract<Entry, { kind: 'accept' }>;

/** An entry on its way to the disk, or (`null`) somebody who waits until all before it is there. */
interface Pending {
  readonly entry: Entry | null;
  readonly sinceMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const nobody = () => undefined;

/**
 * Group commit: what one turn of the event loop brings shares one transaction and one fsync. When a commit fails, new
 * tasks are taken back and refused, while what happened to known tasks is kept and written later; until then nobody is
 * told of it.
 */
export class Journal {
  readonly #ports: JournalPorts;
  readonly #health: Actor<typeof journalMachine>;
  #pending: Pending[] = [];
  /** Commits follow each other. */
  #tail: Promise<void> = Promise.resolve();

  constructor(ports: JournalPorts) {
    this.#ports = ports;
    const logic = journalMachine.provide({ actions: { commitAgain: () => void this.#write() } });
    this.#health = createActor(logic, { clock: ports.clock });
    this.#health.start();
  }

  /** Whether the last commit failed. */
  get isStalled(): boolean {
    return this.#health.getSnapshot().matches('stalled');
  }

  /** Why new tasks are refused, in words for people. */
  get refusal(): KoubouError | null {
    return this.#health.getSnapshot().context.refusal;
  }

  /** Whether newly accepted tasks wait to be written. */
  get hasAccepts(): boolean {
    return this.#pending.some(({ entry }) => entry?.kind === 'accept');
  }

  /** Whether something that happened to a task is still to be written: its row is behind. */
  holds(taskId: TaskId): boolean {
    return this.#pending.some(
      ({ entry }) => entry?.kind === 'fact' && 'taskId' in entry.fact && entry.fact.taskId === taskId,
    );
  }

  /**
   * Takes new tasks in. Resolves when they are on disk.
   *
   * @throws KoubouError `storage.unavailable`, `storage.corrupt` when they are not, and will not be
   */
  accept(tasks: readonly AcceptedTask[], idempotency: AcceptEntry['idempotency']): Promise<void> {
    if (this.refusal !== null) return Promise.reject(this.refusal);
    return this.#wait({ kind: 'accept', atMs: this.#ports.clock.now(), tasks, idempotency });
  }

  /** Takes in what happened. It will be written, sooner or later. */
  record(fact: RecordedFact): void {
    this.#push({ kind: 'fact', atMs: this.#ports.clock.now(), fact }, nobody, nobody);
  }

  /** Takes in a sign of life. */
  beat(workerId: WorkerId): void {
    this.#push({ kind: 'beat', atMs: this.#ports.clock.now(), workerId }, nobody, nobody);
  }

  /**
   * Resolves when all that was taken in so far is on disk.
   *
   * @throws KoubouError `storage.unavailable` while the disk fails, `storage.corrupt`
   */
  settled(): Promise<void> {
    return this.#isDamaged ? Promise.reject(this.refusal) : this.#wait(null);
  }

  /** Writes what waits, as one transaction; while the disk fails, the journal's own timer does it. */
  flush(): Promise<void> {
    return this.isStalled ? this.#tail : this.#write();
  }

  /** Ends the timer. What waits stays unwritten. */
  close(): void {
    this.#health.stop();
  }

  /** One table may be damaged and another one whole: until somebody has looked at it, nothing is written at all. */
  get #isDamaged(): boolean {
    return this.refusal?.code === 'storage.corrupt';
  }

  #wait(entry: Entry | null): Promise<void> {
    return new Promise((resolve, reject) => this.#push(entry, resolve, reject));
  }

  #push(entry: Entry | null, resolve: () => void, reject: (error: unknown) => void): void {
    this.#pending.push({ entry, sinceMs: this.#ports.clock.monotonic(), resolve, reject });
  }

  #write(): Promise<void> {
    if (this.#isDamaged) return this.#tail;
    const written = this.#tail.then(() => this.#commitNext());
    this.#tail = written.catch(nobody);
    return written;
  }

  async #commitNext(): Promise<void> {
    const batch = this.#takeBatch();
    // While the disk fails there is always something to write: whether it works is only known by writing.
    const { failingSinceMs } = this.#health.getSnapshot().context;
    if (failingSinceMs !== null) batch.push(this.#resumption(failingSinceMs));
    if (batch.length === 0) return;
    const tried = await this.#try(batch);
    if ('receipt' in tried) this.#conclude(batch, tried.receipt);
    else if (storageFault(tried.error) === undefined) await this.#isolate(batch);
    else this.#stall(batch, tried.error);
    if (this.#pending.length > 0 && !this.isStalled) this.#ports.wantFlush();
  }

  /** Tells nobody: a fault of those who are told is none of the disk, and must not have all of it written again. */
  async #try(batch: readonly Pending[]): Promise<{ receipt: Receipt } | { error: unknown }> {
    try {
      return { receipt: await this.#ports.store.commit(entriesOf(batch)) };
    } catch (error) {
      return { error };
    }
  }

  #resumption(sinceMs: number): Pending {
    const { clock } = this.#ports;
    const stalledMs = Math.round(clock.monotonic() - sinceMs);
    const entry: Entry = { kind: 'fact', atMs: clock.now(), fact: { type: 'journal.resumed', stalledMs } };
    return { entry, sinceMs, resolve: nobody, reject: nobody };
  }

  /** As much as one transaction may hold: a long one would keep heartbeats and sockets waiting. */
  #takeBatch(): Pending[] {
    let rows = 0;
    let count = 0;
    for (const { entry } of this.#pending) {
      rows += entry?.kind === 'accept' ? entry.tasks.length : 1;
      if (count > 0 && rows > limits.commitRowsMax) break;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }

  #conclude(batch: readonly Pending[], receipt: Receipt): void {
    if (this.isStalled) {
      this.#health.send({ type: 'journal.committed' });
      this.#ports.onResumed();
    }
    this.#ports.onCommitted(receipt);
    for (const { resolve } of batch) resolve();
  }

  /** One bad entry must not stand in the way of all others: each gets a transaction of its own. */
  async #isolate(batch: readonly Pending[]): Promise<void> {
    for (const [index, item] of batch.entries()) {
      const tried = await this.#try([item]);
      if ('receipt' in tried) this.#conclude([item], tried.receipt);
      else if (storageFault(tried.error) === undefined) this.#drop(item, tried.error);
      else return this.#stall(batch.slice(index), tried.error);
    }
  }

  #drop(item: Pending, error: unknown): void {
    item.reject(
      new KoubouError('internal', 'this could not be stored; the server log says why', { cause: error }),
    );
    if (item.entry !== null) this.#ports.onPoison(error, item.entry);
  }

  /** Keeps what happened, and takes back what was only asked for: at once, or after a patience for a busy disk. */
  #stall(batch: readonly Pending[], cause: unknown): void {
    const error = asStorageError(cause) as KoubouError;
    const isBusy = storageFault(cause) === 'busy';
    const nowMs = this.#ports.clock.monotonic();
    const mayWait = (item: Pending) => isBusy && nowMs - item.sinceMs < limits.commitPatienceMs;
    const withdrawn = new Map<string, AcceptedTask>();
    const waiting = [...batch.filter(({ entry }) => !isResumption(entry)), ...this.#pending];
    this.#pending = [];
    for (const item of waiting) {
      if (mayWait(item) || item.entry?.kind === 'fact' || item.entry?.kind === 'beat') {
        this.#pending.push(item);
        continue;
      }
      item.reject(error);
      if (item.entry?.kind === 'accept')
        for (const task of item.entry.tasks) withdrawn.set(task.taskId, task);
    }
    this.#pending = this.#pending.filter(({ entry }) => !isAbout(entry, withdrawn));
    this.#health.send({ type: 'journal.failed', atMs: nowMs, refusal: isBusy ? null : error });
    if (withdrawn.size > 0) this.#ports.onWithdrawn([...withdrawn.values()]);
    this.#ports.onStalled(error);
  }
}

function entriesOf(batch: readonly Pending[]): Entry[] {
  return batch.flatMap(({ entry }) => (entry === null ? [] : [entry]));
}

function isResumption(entry: Entry | null): boolean {
  return entry?.kind === 'fact' && entry.fact.type === 'journal.resumed';
}

function isAbout(entry: Entry | null, tasks: ReadonlyMap<string, AcceptedTask>): boolean {
  return entry?.kind === 'fact' && 'taskId' in entry.fact && tasks.has(entry.fact.taskId);
}
