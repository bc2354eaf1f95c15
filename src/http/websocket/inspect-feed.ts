import { KoubouError } from '../../machines/errors.ts';
import { inspectionLimits as limits } from '../../machines/inspection-limits.ts';
import type { ActorReader, InspectDesk } from './inspect-desk.ts';
import type { InspectFormat } from './inspect-wording.ts';
import type { Outbox } from './outbox.ts';

/** What one client watches of the actors: the overall view, and some of them closely. */
export class InspectFeed implements ActorReader {
  readonly format: InspectFormat;
  readonly #desk: InspectDesk;
  readonly #outbox: Pick<Outbox, 'send' | 'roomBytes'>;
  readonly #actors = new Set<string>();

  constructor(
    desk: InspectDesk,
    outbox: Pick<Outbox, 'send' | 'roomBytes'>,
    format: InspectFormat = 'koubou',
  ) {
    this.format = format;
    this.#desk = desk;
    this.#outbox = outbox;
  }

  get hasRoom(): boolean {
    return this.#outbox.roomBytes > 0;
  }

  /** Whether it watches as many actors as one connection may. */
  get isFull(): boolean {
    return this.#actors.size >= limits.actorsPerWatcherMax;
  }

  watches(actor: string): boolean {
    return this.#actors.has(actor);
  }

  readonly send = (frame: Buffer): void => this.#outbox.send(frame);

  readonly forget = (actor: string): void => void this.#actors.delete(actor);

  /**
   * Begins, or begins anew: the first thing told is how it stands now.
   *
   * @param actor by its name; without one, all of them together
   * @param onBegin called before anything is told, when nothing can refuse it any more
   * @throws KoubouError when there is no such actor, `rate.limited` when too many are watched
   */
  subscribe(actor: string | undefined, onBegin: () => void): void {
    if (actor === undefined) {
      onBegin();
      this.#desk.overview.enter(this);
      return;
    }
    if (!this.watches(actor) && this.isFull) {
      const message = `one connection watches ${limits.actorsPerWatcherMax} actors at most; unsubscribe from others`;
      throw new KoubouError('rate.limited', message);
    }
    this.#desk.enter(actor, this, onBegin);
    this.#actors.add(actor);
  }

  unsubscribe(actor: string | undefined): void {
    if (actor === undefined) this.#desk.overview.leave(this);
    else if (this.#actors.delete(actor)) this.#desk.leave(actor, this);
  }

  end(): void {
    for (const actor of [undefined, ...this.#actors]) this.unsubscribe(actor);
  }
}
