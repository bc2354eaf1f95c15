import { inspectionLimits as limits } from '../../machines/inspection-limits.ts';
import type { Runtime } from '../../runtime.ts';
import { InspectCrowd, type InspectReader } from './inspect-crowd.ts';
import { InspectOverview } from './inspect-overview.ts';
import type { DoorClock } from './outbox.ts';
import { textFrame } from './text-frame.ts';

/** Watches single actors; hears when one of them has ended. */
export interface ActorReader extends InspectReader {
  readonly forget: (actor: string) => void;
}

/** One actor, and all who watch it. */
interface Show {
  readonly crowd: InspectCrowd<ActorReader>;
  readonly watched: ReturnType<Runtime['inspection']['watch']>;
}

/** What the actors do, for all who watch: an actor is observed once, and what it does encoded once, however many they are. */
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
    this.#shows.get(actor)?.watched.flush();
    const { crowd, watched } = this.#shows.get(actor) ?? this.#open(actor);
    onBegin();
    reader.send(this.#frame({ type: 'inspect_snapshot', ...watched.look(), skipped: 0 }));
    crowd.add(reader);
  }

  leave(actor: string, reader: ActorReader): void {
    const show = this.#shows.get(actor);
    if (show === undefined) return;
    show.crowd.remove(reader);
    if (show.crowd.size > 0) return;
    show.watched.stop();
    this.#shows.delete(actor);
    if (this.#shows.size > 0) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #open(actor: string): Show {
    const crowd = new InspectCrowd<ActorReader>();
    const watched = this.inspection.watch(actor, {
      onTransition: (view) => this.#tell(crowd, { type: 'inspect_transition', ...view }),
      onSkipped: (skipped) => {
        const view = watched.look();
        if (view !== undefined) this.#tell(crowd, { type: 'inspect_snapshot', ...view, skipped });
      },
      onEnded: (view) => {
        this.#shows.delete(actor);
        for (const reader of crowd.dismiss(this.#frame({ type: 'inspect_ended', ...view }))) {
          reader.forget(actor);
        }
      },
    });
    const show = { crowd, watched };
    this.#shows.set(actor, show);
    return show;
  }

  #tell(crowd: Show['crowd'], message: object): void {
    if (crowd.size === 0) return;
    crowd.tell(this.#frame(message));
    if (crowd.isBehind) this.#timer ??= this.#clock.setTimeout(this.#catchUp, limits.overviewMs);
  }

  /** Looks after those who had fallen behind, until there are none. */
  readonly #catchUp = (): void => {
    this.#timer = undefined;
    for (const { crowd, watched } of this.#shows.values()) {
      if (!crowd.isBehind) continue;
      watched.flush();
      crowd.catchUp(() => {
        const view = watched.look();
        return view && this.#frame({ type: 'inspect_snapshot', ...view, skipped: null });
      });
      if (crowd.isBehind) this.#timer ??= this.#clock.setTimeout(this.#catchUp, limits.overviewMs);
    }
  };

  #frame(message: object): Buffer {
    const timestamp = new Date(this.#clock.now()).toISOString();
    return textFrame(JSON.stringify({ timestamp, ...message }));
  }
}
