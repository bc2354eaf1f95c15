import { KoubouError } from '../../machines/errors.ts';

export interface ChangeSource {
  /** Hears the names of what has changed, and that nothing more will; returns what ends the hearing. */
  readonly listen: (changed: (name: string) => void, over: () => void) => () => void;
  /** So many names may wait for a reader; more end it. */
  readonly waitingMax: number;
  /** Told once, when it has ended, however it did. */
  readonly onEnd: () => void;
}

type Turn = IteratorResult<string, undefined>;

/**
 * The names of what has changed, each once however often it did: a reader that is slow reads fewer and newer states,
 * and one that is too far behind is ended. Listens from the start until it is over or its reader goes, and then no more.
 */
export class LatestChanges implements AsyncIterableIterator<string> {
  readonly #waiting: Set<string>;
  readonly #source: ChangeSource;
  readonly #unlisten: () => void;
  #reader: { resolve: (turn: Turn) => void; reject: (error: Error) => void } | undefined;
  #state: 'open' | 'over' | 'ended' = 'open';
  #fault: Error | undefined;

  /** @param first what is told although it has not changed */
  constructor(source: ChangeSource, first: readonly string[] = []) {
    this.#source = source;
    this.#waiting = new Set(first);
    this.#unlisten = source.listen(
      (name) => this.#changed(name),
      () => this.#over(),
    );
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Turn> {
    const [name] = this.#waiting;
    if (name !== undefined) {
      this.#waiting.delete(name);
      return Promise.resolve({ done: false, value: name });
    }
    const fault = this.#fault;
    if (fault !== undefined) {
      this.#fault = undefined;
      return Promise.reject(fault);
    }
    if (this.#state !== 'open') {
      this.#end();
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  return(): Promise<Turn> {
    this.#waiting.clear();
    this.#fault = undefined;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<Turn> {
    void this.return();
    return Promise.reject(error);
  }

  #changed(name: string): void {
    if (this.#state !== 'open') return;
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader.resolve({ done: false, value: name });
      return;
    }
    this.#waiting.add(name);
    if (this.#waiting.size <= this.#source.waitingMax) return;
    this.#waiting.clear();
    this.#fault = new KoubouError('rate.limited', 'the reader is too slow; subscribe again');
    this.#end();
  }

  /** What waits is still told. */
  #over(): void {
    if (this.#state !== 'open') return;
    this.#state = 'over';
    if (this.#reader !== undefined) this.#end();
  }

  #end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#unlisten();
    this.#source.onEnd();
    this.#reader?.resolve({ done: true, value: undefined });
    this.#reader = undefined;
  }
}
