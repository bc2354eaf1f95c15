import { inspectionLimits as limits } from '../../machines/inspection-limits.ts';
import type { Runtime } from '../../runtime.ts';
import { InspectCrowd, type InspectReader } from './inspect-crowd.ts';
import type { DoorClock } from './outbox.ts';
import { textFrame } from './text-frame.ts';

/** The figures of all actors, for all who watch them: read and encoded once, and not at all while nobody does. */
export class InspectOverview {
  readonly #inspection: Runtime['inspection'];
  readonly #clock: DoorClock;
  readonly #crowd = new InspectCrowd<InspectReader>();
  #figures: ReturnType<Runtime['inspection']['overview']> | undefined;
  #measuredMs = 0;
  #timer: unknown;

  constructor(inspection: Runtime['inspection'], clock: DoorClock) {
    this.#inspection = inspection;
    this.#clock = clock;
  }

  /** Shows all figures, and then what changes. */
  enter(reader: InspectReader): void {
    if (this.#figures === undefined) {
      this.#figures = this.#inspection.overview();
      this.#measuredMs = this.#clock.monotonic();
      this.#timer = this.#clock.setTimeout(this.#tick, limits.overviewMs);
    }
    reader.send(this.#frame('full', this.#figures.full()));
    this.#crowd.add(reader);
  }

  leave(reader: InspectReader): void {
    this.#crowd.remove(reader);
    if (this.#crowd.size > 0) return;
    this.#clock.clearTimeout(this.#timer);
    this.#figures = undefined;
  }

  readonly #tick = (): void => {
    const figures = this.#figures;
    if (figures === undefined) return;
    this.#timer = this.#clock.setTimeout(this.#tick, limits.overviewMs);
    const elapsedMs = this.#clock.monotonic() - this.#measuredMs;
    if (elapsedMs >= limits.rateMs) {
      figures.measure(elapsedMs);
      this.#measuredMs += elapsedMs;
    }
    const difference = figures.difference();
    if (difference !== undefined) this.#crowd.tell(this.#frame('difference', difference));
    this.#crowd.catchUp(() => this.#frame('full', figures.full()));
  };

  #frame(kind: 'full' | 'difference', machines: object): Buffer {
    const timestamp = new Date(this.#clock.now()).toISOString();
    return textFrame(JSON.stringify({ type: 'inspect_overview', timestamp, kind, machines }));
  }
}
