import type { Clock } from '../actors/clock.ts';
import type { Store } from '../db/store.ts';
import type { EndedPlace } from '../db/task-deletion.ts';
import { limits } from '../machines/limits.ts';
import { retentionLimits } from '../machines/retention-limits.ts';
import type { CurrentConfig } from './current-config.ts';
import { Pauses } from './pauses.ts';
import type { RuntimeLog } from './pool-ports.ts';
import { TrustedTime } from './trusted-time.ts';

export interface RetentionPorts {
  readonly store: Pick<Store, 'upkeep' | 'lastSeq' | 'eventsSince'>;
  readonly clock: Clock;
  readonly config: CurrentConfig;
  readonly log: RuntimeLog;
  /** While the disk fails, nothing is tidied. */
  readonly isStalled: () => boolean;
}

/** What one sweep has deleted. */
export interface Swept {
  readonly tasks: number;
  readonly events: number;
  /** Up to this `seq` the record is cut off. */
  readonly floor: number;
}

export interface Shrunk {
  /** Given back to the disk. */
  readonly bytes: number;
  /** Of the file, after it. */
  readonly fileBytes: number;
  /** False for a database that an older version made: it can be shrunk once by `koubou db vacuum` while no server runs. */
  readonly shrinks: boolean;
}

const dayMs = 24 * 3_600_000;

/**
 * Puts away what is over and old, and keeps the files small: each minute, slice by slice. Between two slices everything else
 * goes on; while something is written, the slices take a tenth of the time at most.
 */
export class Retention {
  readonly #ports: RetentionPorts;
  readonly #pauses: Pauses;
  /** Of what is deleted nothing comes back when the clock is set right. */
  readonly #time: TrustedTime;
  /** The sweep or the shrinking that goes on: they follow each other. */
  #work: Promise<unknown> = Promise.resolve();
  #seenSeq = 0;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
    this.#pauses = new Pauses(ports.clock);
    const { clock, store } = ports;
    const last = store.eventsSince(store.lastSeq() - 1, 1)[0];
    this.#time = new TrustedTime(clock, retentionLimits.clockBeliefMs, last?.atMs ?? null);
  }

  /** Looks each minute, from now on until {@link stop}. */
  async watch(): Promise<void> {
    const { isStalled, log } = this.#ports;
    while (await this.#pauses.for(retentionLimits.sweepEveryMs)) {
      if (isStalled()) continue;
      try {
        await this.#look();
      } catch (error) {
        log.warn({ err: error }, 'what is old could not be deleted; it is tried again in a minute');
      }
    }
  }

  /** Ends it, also in the middle of a sweep: what was deleted is deleted, what was not is kept. */
  stop(): void {
    this.#pauses.end();
  }

  /** Deletes what may go now. @throws the error of the disk */
  sweep(): Promise<Swept> {
    return this.#after(() => this.#sweep());
  }

  /** Gives free pages of the file back to the disk. @throws the error of the disk */
  shrink(): Promise<Shrunk> {
    return this.#after(() => this.#shrink(0));
  }

  async #after<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#work.then(act);
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #look(): Promise<void> {
    const { log, store } = this.#ports;
    this.#isQuiet();
    if (!(await this.#pauses.for(retentionLimits.quietMs))) return;
    if (this.#isQuiet()) store.upkeep.checkpoint();
    const { tasks, events, floor } = await this.sweep();
    if (tasks + events > 0) log.info({ tasks, events, floor }, 'what was old was deleted');
    await this.#after(() => this.#shrinkIfWorth());
  }

  async #sweep(): Promise<Swept> {
    const tasks = await this.#sweepTasks();
    const events = await this.#sweepEvents();
    const { store } = this.#ports;
    await this.#slices(
      () =>
        store.upkeep.forgetKeys(this.#time.now(), retentionLimits.sliceKeys) === retentionLimits.sliceKeys,
    );
    return { tasks, events, floor: store.upkeep.floor() };
  }

  async #sweepTasks(): Promise<number> {
    const { upkeep } = this.#ports.store;
    if (!upkeep.hasEndedBefore(this.#whichTasks().endedBeforeMs)) return 0;
    const runsKeptFrom = upkeep.runsKeptFrom(limits.runsRead);
    let deleted = 0;
    let after: EndedPlace | null = null;
    await this.#slices(() => {
      const { endedBeforeMs, limit } = this.#whichTasks();
      const sliced = upkeep.deleteTasks({ endedBeforeMs, after, limit, runsKeptFrom });
      deleted += sliced.deleted;
      after = sliced.next;
      return after !== null;
    });
    return deleted;
  }

  /** By number as long as there are too many, and by age else. */
  #whichTasks(): { readonly endedBeforeMs: number; readonly limit: number } {
    const { config, store } = this.#ports;
    const { maxAgeDays, maxEndedTasks } = config.now.retention;
    const tooMany = maxEndedTasks === 0 ? 0 : store.upkeep.endedTasks() - maxEndedTasks;
    const tooOldMs = maxAgeDays === 0 ? 0 : this.#time.now() - maxAgeDays * dayMs;
    if (tooMany <= 0) return { endedBeforeMs: tooOldMs, limit: retentionLimits.sliceTasks };
    return {
      endedBeforeMs: Math.max(tooOldMs, this.#time.now() - retentionLimits.freshMs),
      limit: Math.min(retentionLimits.sliceTasks, tooMany),
    };
  }

  async #sweepEvents(): Promise<number> {
    const { config, store } = this.#ports;
    const { maxAgeDays, maxEvents } = config.now.retention;
    const tooOld =
      maxAgeDays === 0 ? 0 : store.upkeep.firstEventSince(this.#time.now() - maxAgeDays * dayMs) - 1;
    const to = Math.max(tooOld, maxEvents === 0 ? 0 : store.lastSeq() - maxEvents);
    let deleted = 0;
    let before = store.upkeep.floor();
    if (to <= before) return 0;
    await this.#slices(() => {
      const sliced = store.upkeep.cutEvents(to, retentionLimits.sliceEvents);
      deleted += sliced.deleted;
      const hasRisen = sliced.floor > before;
      before = sliced.floor;
      return hasRisen && sliced.floor < to;
    });
    return deleted;
  }

  /** A file that will be filled again is left as it is. */
  async #shrinkIfWorth(): Promise<void> {
    const { free, pages, shrinks } = this.#ports.store.upkeep.pages();
    const { freePagesKept, freeShareKept } = retentionLimits;
    if (!shrinks || !this.#isQuiet() || free < Math.max(freePagesKept, pages * freeShareKept)) return;
    const { bytes } = await this.#shrink(freePagesKept);
    this.#ports.log.info({ bytes }, 'free space of the database was given back to the disk');
  }

  async #shrink(freeKept: number): Promise<Shrunk> {
    const { upkeep } = this.#ports.store;
    let given = 0;
    await this.#slices(() => {
      const { free, shrinks } = upkeep.pages();
      const wanted = Math.min(free - freeKept, retentionLimits.slicePages);
      if (!shrinks || wanted <= 0) return false;
      const done = upkeep.shrink(wanted);
      given += done;
      return done > 0;
    });
    upkeep.checkpoint();
    const { pages, pageBytes, shrinks } = upkeep.pages();
    return { bytes: given * pageBytes, fileBytes: pages * pageBytes, shrinks };
  }

  /** One slice after the other, with a pause behind each, until one says that it was the last, or it is over. */
  async #slices(next: () => boolean): Promise<void> {
    const { clock, store } = this.#ports;
    for (let count = 1; ; count += 1) {
      const startedMs = clock.monotonic();
      const goesOn = next();
      if (goesOn && count % retentionLimits.slicesPerCheckpoint === 0) store.upkeep.checkpoint();
      const tookMs = clock.monotonic() - startedMs;
      if (!goesOn || !(await this.#pauses.for(this.#gapMs(tookMs)))) return;
    }
  }

  #gapMs(tookMs: number): number {
    const { quietGapMs, busyGapMs, busyShare } = retentionLimits;
    return this.#isQuiet() ? Math.max(quietGapMs, tookMs) : Math.max(busyGapMs, busyShare * tookMs);
  }

  /** Whether nothing was written since the last look. */
  #isQuiet(): boolean {
    const seq = this.#ports.store.lastSeq();
    const isQuiet = seq === this.#seenSeq;
    this.#seenSeq = seq;
    return isQuiet;
  }
}
