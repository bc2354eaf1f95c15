import { inspectionLimits as limits } from '../../machines/inspection-limits.ts';
import type { Runtime } from '../../runtime.ts';
import { InspectCrowd, type InspectReader } from './inspect-crowd.ts';
import { InspectOverview } from './inspect-overview.ts';
import { statelyWording } from './inspect-stately-wording.ts';
import { type InspectFormat, type InspectWording, ownWording } from './inspect-wording.ts';
import type { DoorClock } from './outbox.ts';

/** Watches single actors; hears when one of them has ended. */
export interface ActorReader extends InspectReader {
  readonly format: InspectFormat;
  readonly forget: (actor: string) => void;
}

/** One actor, and all who watch it in one format. */
interface Show {
  readonly wording: InspectWording;
  readonly crowd: InspectCrowd<ActorReader>;
  readonly watched: ReturnType<Runtime['inspection']['watch']>;
}

/** What the actors do, for all who watch: an actor is observed once, and what it does encoded once, however many they are; once for each format. */
export class InspectDesk {
  readonly overview: InspectOverview;
  readonly inspection: Runtime['inspection'];
  readonly #clock: DoorClock;
  readonly #shows = new Map<string, Show>();
  #timer: unknown;

  constructor(inspection: Runtime['inspection'], clock: DoorClock) {
    this.inspection = inspection;
    this.#clock = clock;
    this.overview = new InspectOverview(inspection, clock);
  }

  /**
   * Shows an actor, and then what it does.
   *
   * @param onBegin called before anything is told, when nothing can refuse it any more
   * @throws KoubouError when there is no such actor
   */
  enter(actor: string, reader: ActorReader, onBegin: () => void): void {
    // What is still to be told to the others is in the first snapshot of this one; it may be that the actor has ended.
    const name = nameOf(actor, reader.format);
    this.#shows.get(name)?.watched.flush();
    const { crowd, watched, wording } = this.#shows.get(name) ?? this.#open(actor, reader.format);
    const view = watched.look();
    if (view === undefined) throw new TypeError(`the actor ${actor} ended in the turn in which it was found`);
    onBegin();
    reader.send(wording.shown(view));
    crowd.add(reader);
  }

  leave(actor: string, reader: ActorReader): void {
    const name = nameOf(actor, reader.format);
    const show = this.#shows.get(name);
    if (show === undefined) return;
    show.crowd.remove(reader);
    if (show.crowd.size > 0) return;
    show.watched.stop();
    this.#shows.delete(name);
    if (this.#shows.size > 0) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #open(actor: string, format: InspectFormat): Show {
    const name = nameOf(actor, format);
    const wording = wordings[format](this.#clock);
    const crowd = new InspectCrowd<ActorReader>();
    const watched = this.inspection.watch(actor, {
      onTransition: (view) => this.#tell(crowd, () => wording.moved(view)),
      onSkipped: (skipped) => {
        watched.flush();
        const view = watched.look();
        if (view !== undefined) this.#tell(crowd, () => wording.shownAnew(view, skipped));
      },
      onEnded: (view) => {
        this.#shows.delete(name);
        for (const reader of crowd.dismiss(wording.ended(view))) reader.forget(actor);
      },
    });
    const show = { wording, crowd, watched };
    this.#shows.set(name, show);
    return show;
  }

  #tell(crowd: Show['crowd'], frame: () => Buffer): void {
    if (crowd.size === 0) return;
    crowd.tell(frame());
    if (crowd.isBehind) this.#timer ??= this.#clock.setTimeout(this.#catchUp, limits.overviewMs);
  }

  /** Looks after those who had fallen behind, until there are none. */
  readonly #catchUp = (): void => {
    this.#timer = undefined;
    for (const { crowd, watched, wording } of this.#shows.values()) {
      if (!crowd.isBehind) continue;
      watched.flush();
      crowd.catchUp(() => {
        const view = watched.look();
        return view && wording.shownAnew(view, null);
      });
      if (crowd.isBehind) this.#timer ??= this.#clock.setTimeout(this.#catchUp, limits.overviewMs);
    }
  };
}

const wordings = { koubou: ownWording, stately: statelyWording } as const;

function nameOf(actor: string, format: InspectFormat): string {
  return `${format} ${actor}`;
}
