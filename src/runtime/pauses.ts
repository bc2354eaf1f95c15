import type { Clock } from '../actors/clock.ts';

/** Pauses of work that goes on slice by slice, and can be ended in the middle. */
export class Pauses {
  readonly #clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  readonly #ends = new Set<() => void>();
  #isOver = false;

  constructor(clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>) {
    this.#clock = clock;
  }

  /** @returns whether to go on after it: false once all is over */
  for(delayMs: number): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = () => {
        this.#ends.delete(end);
        this.#clock.clearTimeout(timer);
        resolve(!this.#isOver);
      };
      const timer = this.#clock.setTimeout(end, delayMs);
      this.#ends.add(end);
    });
  }

  /** Ends those that go on, and all that would come. */
  end(): void {
    this.#isOver = true;
    for (const end of [...this.#ends]) end();
  }
}
