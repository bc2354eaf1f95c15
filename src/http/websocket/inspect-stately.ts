import type { InspectedMachine } from '../../machines/chart-machines.ts';
import type { Excerpt } from '../../runtime/inspection-excerpt.ts';
import type { ActorView, EndedView, TransitionView } from '../../runtime/inspection-view.ts';

/**
 * What an actor does, in the messages of `@statelyai/inspect`, so that Stately's inspector shows it too. A test holds these
 * types and this version against that package.
 */

/** The version of the package whose messages these are. */
export const statelyVersion = '0.7.2';

/** Of every actor here, the pool is the root. */
const rootId = 'pool';

interface StatelyBase {
  /** The name of the actor: it stands for the session. */
  readonly sessionId: string;
  readonly rootId: string;
  /** Milliseconds since 1970, as text. */
  readonly createdAt: string;
  /** Another one for each message of an actor. */
  readonly id: string;
  readonly _version: string;
}

/** How an actor is at a moment. What it put out or threw is never told beyond a message. */
type StatelyState = {
  readonly value: Excerpt;
  readonly context: Excerpt;
  readonly output: undefined;
} & (
  | { readonly status: 'active' | 'done' | 'stopped'; readonly error: undefined }
  | { readonly status: 'error'; readonly error: string | null }
);

interface StatelyActor extends StatelyBase {
  readonly type: '@xstate.actor';
  readonly name: string;
  readonly parentId: string | undefined;
  /** The configuration of its machine, as JSON; none of an execution. */
  readonly definition: string | undefined;
  readonly snapshot: StatelyState;
}

interface StatelyEvent extends StatelyBase {
  readonly type: '@xstate.event';
  /** Who sent it is not known. */
  readonly sourceId: undefined;
  readonly event: EventObject;
}

interface StatelySnapshot extends StatelyBase {
  readonly type: '@xstate.snapshot';
  /** That led there. */
  readonly event: EventObject;
  readonly snapshot: StatelyState;
}

export type StatelyMessage = StatelyActor | StatelyEvent | StatelySnapshot;

interface EventObject {
  readonly type: string;
  readonly [name: string]: Excerpt;
}

/** Stands for transitions that were left out: the snapshot that it comes with is how the actor is now. */
const skippedEvent = 'koubou.skipped';
/** Stands for what ended an actor from outside, or within. */
const endedEvent = 'koubou.ended';

/** Tells of one actor, in the order in which it is asked. It remembers the context, which transitions leave out that keep it. */
export class StatelyTeller {
  readonly #definitionOf: (machine: InspectedMachine) => string | undefined;
  #context: Excerpt = null;
  #count = 0;

  constructor(definitionOf: (machine: InspectedMachine) => string | undefined) {
    this.#definitionOf = definitionOf;
  }

  /** Registers it. */
  shown(view: ActorView, atMs: number): StatelyMessage {
    return {
      type: '@xstate.actor',
      name: view.actor,
      parentId: view.parent ?? undefined,
      definition: this.#definitionOf(view.machine),
      snapshot: this.#active(view.value, view.context),
      ...this.#base(view.actor, atMs),
    };
  }

  shownAnew(view: ActorView, skipped: number | null, atMs: number): StatelyMessage {
    return {
      type: '@xstate.snapshot',
      event: { type: skippedEvent, skipped },
      snapshot: this.#active(view.value, view.context),
      ...this.#base(view.actor, atMs),
    };
  }

  /** The event, and what came of it; also where nothing did. */
  moved({ actor, event, to, context, at }: TransitionView): readonly StatelyMessage[] {
    const told = eventOf(event);
    const atMs = Date.parse(at);
    const snapshot = this.#active(to, context ?? this.#context);
    return [
      { type: '@xstate.event', sourceId: undefined, event: told, ...this.#base(actor, atMs) },
      { type: '@xstate.snapshot', event: told, snapshot, ...this.#base(actor, atMs) },
    ];
  }

  ended({ actor, status, value, error, at }: EndedView): StatelyMessage {
    const seen = { value, context: this.#context, output: undefined } as const;
    return {
      type: '@xstate.snapshot',
      event: { type: endedEvent },
      snapshot: status === 'error' ? { ...seen, status, error } : { ...seen, status, error: undefined },
      ...this.#base(actor, Date.parse(at)),
    };
  }

  #active(value: Excerpt, context: Excerpt): StatelyState {
    this.#context = context;
    return { status: 'active', value, context, output: undefined, error: undefined };
  }

  #base(actor: string, atMs: number): StatelyBase {
    this.#count += 1;
    return {
      sessionId: actor,
      rootId,
      createdAt: String(atMs),
      id: `${actor}#${this.#count}`,
      _version: statelyVersion,
    };
  }
}

/** An excerpt of an event is one as well, unless something is wrong with it. */
function eventOf(event: Excerpt): EventObject {
  const { type } = Object(event) as { type?: unknown };
  return typeof type === 'string' ? (event as EventObject) : { type: 'unknown', event };
}
