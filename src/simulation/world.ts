import type { Clock } from '../actors/clock.ts';
import type { Config } from '../config/settings.ts';
import type { Store } from '../db/store.ts';
import type { Acts } from './acts.ts';
import type { CommitCount, CommitKind } from './commit-kinds.ts';
import { type CommitFate, CrashStore, type DiskFault, type WriteAttempt } from './crash-store.ts';
import type { Directions } from './directions.ts';
import type { FaultMix } from './fault-mix.ts';
import { FileDisk } from './file-disk.ts';
import type { Ledger } from './ledger.ts';
import { SeededRandom } from './seeded-random.ts';
import { MemoryDisk, type VirtualDisk } from './virtual-disk.ts';
import { VirtualProcess } from './virtual-process.ts';
import { type Sabotage, VirtualSite } from './virtual-site.ts';
import { type Owner, VirtualTime } from './virtual-time.ts';
import type { WorldEvent } from './world-events.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly config: Config;
  readonly mix: FaultMix;
  /** Which of what is drawn takes place. */
  readonly acts: Acts;
  /** Commits that kill the process, beside those that are drawn. */
  readonly crashPoints: readonly CrashPoint[];
  /** Commits that fail, each once. */
  readonly failPoints: readonly FailPoint[];
  /** Where the database is; `undefined` lets chance decide, by the mix. */
  readonly disk: 'memory' | 'file' | undefined;
  readonly sabotage: Sabotage;
  readonly directions: Directions;
  /** Hears all that happens. */
  readonly hear: (event: WorldEvent) => void;
  readonly ledger: Ledger;
}

/** Ends the process at the n-th commit of the world, or at the n-th that is of a kind, from 1 on. */
export type CrashPoint = (
  | { readonly commit: number }
  | { readonly kind: CommitKind; readonly occurrence: number }
) & { readonly where: 'before' | 'within' | 'after' | 'power' };

/** Lets the n-th commit of the world fail, from 1 on. */
export interface FailPoint {
  readonly commit: number;
  readonly code: DiskFault;
}

const fateAt = {
  before: 'killed before',
  within: 'killed within',
  after: 'killed after',
  power: 'power lost',
} as const;

const killNames = {
  'killed before': 'commit.killed_before',
  'killed within': 'commit.killed_within',
  'killed after': 'commit.killed_after',
  'power lost': 'commit.power_lost',
} as const;

const fewCommitsWeight = 50;

/** Of recoveries that the disk lets down, for each of its faults an hour. */
const failedRecoveries = 0.02;

/** How long a supervisor waits before it starts a process anew. */
const restartMsMin = 1_000;
const restartMsMax = 30_000;

/** What a server has left to stop a generation in, with the way there. */
const stoppingMs = 1_000;

/** Everything there is: one time, one chance, one disk, the servers, and one process after the other. */
export class World {
  readonly random: SeededRandom;
  readonly time: VirtualTime;
  /** What is not of the process: clients, servers, weather. */
  readonly clock: Clock;
  readonly site: VirtualSite;
  readonly ledger: Ledger;
  /** What the files say now. */
  files: Config;
  mix: FaultMix;
  diskFault: DiskFault | null = null;
  process: VirtualProcess;
  readonly #owner: Owner = { isDead: false, asleepUntilMs: 0 };
  readonly #options: WorldOptions;
  readonly #listeners: ((event: WorldEvent) => void)[] = [];
  readonly #store: CrashStore;
  readonly #disk: VirtualDisk;
  #started = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = new SeededRandom(options.seed, options.acts);
    // In half of all worlds, what is due at one moment comes in any order.
    const isShuffled = this.random.chance(0.5, 'shuffled', 0);
    this.time = new VirtualTime(isShuffled ? (order) => this.random.draw('tie', order) : undefined);
    this.clock = this.time.clockOf(this.#owner);
    this.files = options.config;
    this.mix = options.mix;
    this.ledger = options.ledger;
    this.site = new VirtualSite({
      random: this.random,
      mix: () => this.mix,
      emit: this.emit,
      clock: () => this.time.clockOf(this.process.owner),
      worldClock: () => this.clock,
      process: () => this.process.number,
      config: options.config,
      sabotage: options.sabotage,
      directions: options.directions,
    });
    this.#disk = this.#openDisk();
    this.#store = new CrashStore(this.#disk, (store) => options.sabotage.store?.(store) ?? store, {
      fateOf: (attempt) => this.#fateOf(attempt),
      isRecovering: () => this.process.stage === 'recovering',
      onCommitted: ({ committed }) => {
        const { number } = this.process;
        for (const fact of committed) this.emit({ type: 'fact', process: number, committed: fact });
      },
      onForgotten: (beforeMs, tasks) => this.emit({ type: 'tasks.forgotten', beforeMs, tasks }),
      onFailed: (code) => this.#noteFailure(code),
      onKilled: (fate) => this.#killAtCommit(fate),
    });
    this.process = this.#newProcess();
  }

  readonly emit = (event: WorldEvent): void => {
    this.#options.hear(event);
    for (const listener of this.#listeners) listener(event);
  };

  /** Hears all that happens, after the judge. @returns ends it */
  listen(listener: (event: WorldEvent) => void): () => void {
    this.#listeners.push(listener);
    return () => void this.#listeners.splice(this.#listeners.indexOf(listener), 1);
  }

  /** What is on disk, read past the process. */
  get disk(): Store {
    return this.#store.real;
  }

  get commits(): number {
    return this.#store.commits;
  }

  /** What was written so far, and what was not, by kinds. */
  get commitKinds(): Readonly<Record<string, CommitCount>> {
    return this.#store.counts.all();
  }

  /** The first process begins. */
  begin(): void {
    this.process.start(this.#storeOf(this.process));
  }

  /** The process is killed, and started anew after a while. */
  kill(cause: string): void {
    const { process } = this;
    if (process.owner.isDead) return;
    process.kill();
    this.site.hangUp();
    this.emit({ type: 'process.died', process: process.number, cause });
    const check = this.#disk.crash(this.time.wallMs);
    this.#store.renew();
    if (check !== undefined) this.emit({ type: 'disk.checked', ...check });
    this.#startLater();
  }

  /** Stops in order and starts anew. */
  async restart(): Promise<void> {
    const { process } = this;
    if (!process.isOpen || process.owner.asleepUntilMs > this.time.elapsedMs) return;
    this.emit({ type: 'fault', name: 'process.restarted', detail: '', forMs: 0 });
    if (!(await this.#stop(process))) return;
    this.#disk.reopen(this.time.wallMs);
    this.#store.renew();
    this.#startLater();
  }

  /** The end of the world: stops in order, and lets nothing begin anew. */
  async end(): Promise<void> {
    await this.#stop(this.process);
    this.emit({ type: 'world.ended' });
    this.#owner.isDead = true;
  }

  close(): void {
    this.#owner.isDead = true;
    this.process.owner.isDead = true;
    this.#disk.close();
  }

  async #stop(process: VirtualProcess): Promise<boolean> {
    await process.stop();
    // Servers that were told to stop may take so long to do it.
    await new Promise<void>((resolve) => void this.clock.setTimeout(resolve, stoppingMs));
    if (process.owner.isDead) return false;
    const leftTimers = this.time.timersOf(process.owner);
    const leftRuns = this.site.running;
    this.emit({ type: 'process.stopped', process: process.number, leftTimers, leftRuns });
    process.kill();
    return true;
  }

  #startLater(): void {
    const delayMs = this.random.between(restartMsMin, restartMsMax, 'restart', this.#started);
    this.clock.setTimeout(() => {
      this.process = this.#newProcess();
      this.begin();
    }, delayMs);
  }

  #newProcess(): VirtualProcess {
    this.#started += 1;
    return new VirtualProcess({
      number: this.#started,
      time: this.time,
      random: this.random,
      config: this.files,
      reread: () => this.files,
      endpointOf: this.site.reach,
      emit: this.emit,
      onFailed: (cause) => this.#fail(cause),
    });
  }

  /** One that cannot write at its start ends, and is started anew; anything else is a bug. */
  #fail(cause: string): void {
    const { process } = this;
    const isDisk = this.diskFault !== null || this.process.stage === 'recovering';
    if (!isDisk) this.emit({ type: 'process.alarmed', process: process.number, message: cause });
    this.kill(cause);
  }

  #storeOf(process: VirtualProcess): Store {
    return this.#store.forProcess({ isDead: () => process.owner.isDead });
  }

  #openDisk(): VirtualDisk {
    const { random, time } = this;
    const isInFile = random.chance(this.mix.databaseInFile, 'database in a file', 0);
    if (this.#options.disk !== 'file' && !(this.#options.disk === undefined && isInFile))
      return new MemoryDisk(time.wallMs);
    return new FileDisk(time.wallMs, (purpose) => random.draw(`disk: ${purpose}`, this.#started));
  }

  #fateOf({ commit, kinds, metOf }: WriteAttempt): CommitFate {
    const planned = this.#options.crashPoints.find((point) =>
      'kind' in point
        ? kinds.has(point.kind) && metOf(point.kind) === point.occurrence
        : point.commit === commit,
    );
    if (planned !== undefined) return fateAt[planned.where];
    if (commit === null) return this.diskFault ?? 'done';
    const failing = this.#options.failPoints.find((point) => point.commit === commit);
    if (failing !== undefined) return failing.code;
    // Of the commits of a process that begins or stops there are few, and they are the most delicate.
    const share = this.mix.killAtCommit * (this.process.isOpen ? 1 : fewCommitsWeight);
    if (this.random.chance(share, 'kill at commit', commit)) {
      const where = this.random.pick(['before', 'within', 'after'] as const, 'where', commit);
      return fateAt[where === 'within' && this.random.chance(0.5, 'power', commit) ? 'power' : where];
    }
    // No time passes between the first write of a start and this one: the weather alone would never strike here.
    const letDown = kinds.has('recovery') ? this.mix.diskFaultsPerHour * failedRecoveries : 0;
    if (this.random.chance(letDown, 'disk at recovery', commit)) {
      this.emit({ type: 'fault', name: 'disk.io', detail: 'recovery', forMs: 0 });
      return 'SQLITE_IOERR_WRITE';
    }
    return this.diskFault ?? 'done';
  }

  #noteFailure(code: DiskFault): void {
    const { number } = this.process;
    this.emit({ type: 'commit.failed', process: number, code, lastSeq: this.disk.lastSeq() });
  }

  #killAtCommit(fate: keyof typeof killNames): void {
    const detail = `commit ${this.#store.commits}, ${this.process.stage}`;
    this.emit({ type: 'fault', name: killNames[fate], detail, forMs: 0 });
    this.kill(fate);
  }
}
