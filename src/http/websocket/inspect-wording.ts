import type { ActorView, EndedView, TransitionView } from '../../runtime/inspection-view.ts';
import type { DoorClock } from './outbox.ts';
import { textFrame } from './text-frame.ts';

/** The languages in which an actor can be told of: that of this server, and that of Stately's inspector. */
export type InspectFormat = 'koubou' | 'stately';

/** Puts what one actor does into frames. */
export interface InspectWording {
  /** The first thing that somebody is told of it. */
  readonly shown: (view: ActorView) => Buffer;
  /** @param skipped so many transitions were left out; `null` where nobody counted them */
  readonly shownAnew: (view: ActorView, skipped: number | null) => Buffer;
  readonly moved: (view: TransitionView) => Buffer;
  readonly ended: (view: EndedView) => Buffer;
}

/** As this server tells it: the views as they are, each with its type. */
export function ownWording(clock: Pick<DoorClock, 'now'>): InspectWording {
  const frame = (message: object) => {
    const timestamp = new Date(clock.now()).toISOString();
    return textFrame(JSON.stringify({ timestamp, ...message }));
  };
  return {
    shown: (view) => frame({ type: 'inspect_snapshot', ...view, skipped: 0 }),
    shownAnew: (view, skipped) => frame({ type: 'inspect_snapshot', ...view, skipped }),
    moved: (view) => frame({ type: 'inspect_transition', ...view }),
    ended: (view) => frame({ type: 'inspect_ended', ...view }),
  };
}
