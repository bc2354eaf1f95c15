import type { DoorClock } from './outbox.ts';

/** Reads the record for those who resume: one slice a turn of the event loop, taking turns, whoever they are. */
export class Resumption {
  readonly #clock: DoorClock;
  readonly #waiting: (() => void)[] = [];

  constructor(clock: DoorClock) {
    this.#clock = clock;
  }

  /** @param read reads one slice; must not throw */
  ask(read: () => void): void {
    this.#waiting.push(read);
    if (this.#waiting.length === 1) this.#clock.defer(this.#next);
  }

  readonly #next = (): void => {
    this.#waiting[0]?.();
    this.#waiting.shift();
    if (this.#waiting.length > 0) this.#clock.defer(this.#next);
  };
}
