import type { Random } from '../actors/random.ts';
import type { Config } from '../config/settings.ts';
import type { Store } from '../db/store.ts';
import type { Reach } from '../runtime/backends.ts';
import { type Runtime, startRuntime } from '../runtime.ts';
import type { Owner, VirtualTime } from './virtual-time.ts';
import type { WorldEvent } from './world-events.ts';

export interface VirtualProcessPorts {
  readonly number: number;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly config: Config;
  readonly reread: () => Config;
  readonly endpointOf: Reach;
  readonly emit: (event: WorldEvent) => void;
  /** It cannot go on. */
  readonly onFailed: (cause: string) => void;
}

/** The process died before it answered. */
export class ProcessGone extends Error {
  override readonly name = 'ProcessGone';
}

/** What is said of faults that were planned, and of nothing else. */
const expected = new Set([
  'a backend crashed',
  'cannot write to the database',
  'can write to the database again',
  'the schedule could not be read',
  'a worker was refused',
  'a worker broke the protocol',
  'a worker complains',
]);

/** The server's process: the real runtime, with a time and a life of its own. */
export class VirtualProcess {
  readonly number: number;
  readonly owner: Owner = { isDead: false, asleepUntilMs: 0 };
  readonly #ports: VirtualProcessPorts;
  readonly #callers = new Set<() => void>();
  #runtime: Runtime | undefined;
  #stage: 'recovering' | 'open' | 'stopping' | 'gone' = 'recovering';

  constructor(ports: VirtualProcessPorts) {
    this.number = ports.number;
    this.#ports = ports;
  }

  get isOpen(): boolean {
    return this.#stage === 'open';
  }

  get stage() {
    return this.#stage;
  }

  /** The runtime, while it is open. */
  get runtime(): Runtime | undefined {
    return this.#stage === 'open' ? this.#runtime : undefined;
  }

  /** Where workers join while its doors are open. */
  get links(): Runtime['links'] | undefined {
    return this.#stage === 'open' || this.#stage === 'stopping' ? this.#runtime?.links : undefined;
  }

  /** Begins; it is open as soon as it has recovered. */
  start(store: Store): void {
    const { time, random, config, reread, endpointOf, emit, onFailed, number } = this.#ports;
    emit({ type: 'process.began', process: number });
    const say = (_details: object, message: string) => {
      if (this.owner.isDead || expected.has(message)) return;
      emit({ type: 'process.alarmed', process: number, message });
    };
    startRuntime({
      config,
      store,
      random,
      reread,
      endpointOf,
      clock: time.clockOf(this.owner),
      log: { info: () => undefined, warn: say, error: say },
      hear: (committed) => {
        if (!this.owner.isDead) emit({ type: 'fact.told', process: number, committed });
      },
      onFatal: (error) => onFailed(`the pool crashed: ${String(error)}`),
    }).then(
      (runtime) => {
        if (this.owner.isDead) return;
        this.#runtime = runtime;
        this.#stage = 'open';
        emit({ type: 'process.opened', process: number });
      },
      (error: unknown) => {
        if (!this.owner.isDead) onFailed(error instanceof Error ? error.message : String(error));
      },
    );
  }

  /**
   * Asks something of it. While it stands still it hears nobody, and serves who called when it wakes up.
   *
   * @throws ProcessGone when it dies before it answers, or is not there
   */
  call<T>(ask: (runtime: Runtime) => Promise<T>): Promise<T> {
    // While it stops, its doors still answer.
    const runtime = this.#stage === 'stopping' ? this.#runtime : this.runtime;
    return new Promise((resolve, reject) => {
      const abandon = () => reject(new ProcessGone('no answer'));
      if (runtime === undefined) return abandon();
      this.#callers.add(abandon);
      this.#whenAwake(() => {
        ask(runtime)
          .finally(() => this.#callers.delete(abandon))
          .then(
            (answer) => (this.owner.isDead ? abandon() : resolve(answer)),
            (error: unknown) => (this.owner.isDead ? abandon() : reject(error)),
          );
      });
    });
  }

  #whenAwake(act: () => void): void {
    const { time } = this.#ports;
    const asleepMs = this.owner.asleepUntilMs - time.elapsedMs;
    if (asleepMs <= 0) act();
    else time.clockOf(this.owner).setTimeout(act, asleepMs);
  }

  /** Nothing of it goes on, and nobody is told. */
  kill(): void {
    this.owner.isDead = true;
    this.#stage = 'gone';
    for (const abandon of [...this.#callers]) abandon();
  }

  /** Stops in order: resolves when all is closed. */
  async stop(): Promise<void> {
    const runtime = this.#runtime;
    if (runtime === undefined || this.#stage !== 'open') return;
    this.#stage = 'stopping';
    this.#ports.emit({ type: 'process.stopping', process: this.number });
    await runtime.close();
    // Killed while it stopped: what follows is the supervisor's.
    if (!this.owner.isDead) this.#stage = 'gone';
  }
}
