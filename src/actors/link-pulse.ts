import { linkLimits } from '../machines/link-limits.ts';
import { type Sighting, unseen } from '../machines/sighting.ts';
import type { Clock } from './clock.ts';

interface Waiting {
  readonly resolve: (sighting: Sighting) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Whether a joined worker lives: it beats by itself, so a probe of it asks nobody, but waits for the next beat. After a
 * cut it waits for so long as a short cut lasts, and fails then.
 */
export class LinkPulse {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  /** The last sign of life, until a probe has taken it for its answer. */
  #news: 'beat' | 'none' = 'none';
  #sighting: Sighting = unseen;
  /** Why the worker cannot generate, in its own words. */
  #fault: string | null = null;
  /** While there is no link: why, and the timer until that counts. */
  #absence: { readonly reason: string; timer: unknown } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.cut('it has not joined yet');
  }

  /** A sign of life; without a sighting it says nothing new of the worker's models. */
  beat(sighting: Sighting = this.#sighting, fault: string | null = this.#fault): void {
    this.#sighting = sighting;
    this.#fault = fault;
    this.#clock.clearTimeout(this.#absence?.timer);
    this.#absence = undefined;
    if (this.#waiting.size === 0) {
      this.#news = 'beat';
      return;
    }
    for (const waiting of this.#take()) this.#answer(waiting);
  }

  /** There is no link any more. */
  cut(reason: string): void {
    this.#clock.clearTimeout(this.#absence?.timer);
    const absence: { reason: string; timer: unknown } = { reason, timer: undefined };
    absence.timer = this.#clock.setTimeout(() => {
      absence.timer = undefined;
      for (const { reject } of this.#take()) reject(new Error(reason));
    }, linkLimits.cutGraceMs);
    this.#absence = absence;
  }

  /**
   * It is at the door: whoever asks meanwhile waits for it, also when it was away for long. Where a short cut lasts still, nothing
   * changes: one that is sent away again and again is no nearer.
   */
  expect(): void {
    if (this.#absence !== undefined && this.#absence.timer === undefined) this.cut(this.#absence.reason);
  }

  /**
   * A beat from before a cut says that the worker lived, and is told as such: whether it comes back is another matter.
   *
   * @throws Error with the reason when no beat came before the signal, or the link has been away for too long
   */
  probe(signal: AbortSignal, onLife: () => void = () => undefined): Promise<Sighting> {
    return new Promise((resolve, reject) => {
      if (this.#absence !== undefined && this.#news === 'beat') {
        this.#news = 'none';
        if (this.#fault === null) onLife();
      }
      if (this.#absence !== undefined && this.#absence.timer === undefined) {
        reject(new Error(this.#absence.reason));
        return;
      }
      if (this.#news === 'beat') {
        this.#news = 'none';
        this.#answer({ resolve, reject });
        return;
      }
      const waiting: Waiting = { resolve, reject };
      this.#waiting.add(waiting);
      const onAbort = () => {
        if (this.#waiting.delete(waiting)) reject(new Error('no beat came in time'));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  close(): void {
    this.#clock.clearTimeout(this.#absence?.timer);
    this.#absence = { reason: 'the pool has stopped', timer: undefined };
    for (const { reject } of this.#take()) reject(new Error(this.#absence.reason));
  }

  #answer({ resolve, reject }: Waiting): void {
    if (this.#fault === null) resolve(this.#sighting);
    else reject(new Error(this.#fault));
  }

  #take(): readonly Waiting[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting;
  }
}
