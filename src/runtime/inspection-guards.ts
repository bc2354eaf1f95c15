import type { AnyEventObject, AnyMachineSnapshot, AnyStateNode } from 'xstate';
import { evaluateGuard } from 'xstate/guards';
import { type ChartOption, type OfferedWay, optionOf, waysOf } from '../machines/chart-options.ts';

/**
 * Whether a way would be taken if its event came now: `open`; its guard stands in the way (`closed`); that is up to what the
 * event brings (`depends`); another way of the same event comes first and is open (`shadowed`); its guard failed at the
 * question (`unknown`).
 */
export type GuardStanding = 'open' | 'closed' | 'depends' | 'shadowed' | 'unknown';

/** A way that an actor has now, and whether it is open. */
export interface ActorOption extends ChartOption {
  readonly standing: GuardStanding;
}

/** What an actor would do next, in the order in which it is tried; its guards are asked, which changes nothing. */
export function actorOptions(
  snapshot: AnyMachineSnapshot,
  nodes: readonly AnyStateNode[],
): readonly ActorOption[] {
  const open: OfferedWay[] = [];
  return waysOf(nodes).map((way) => {
    const standing = open.some((earlier) => comesFirst(earlier, way))
      ? 'shadowed'
      : standingOf(way, snapshot);
    if (standing === 'open') open.push(way);
    return { ...optionOf(way), standing };
  });
}

/** Of the same state, or of one within it: states beside it have a say of their own. */
function comesFirst(earlier: OfferedWay, later: OfferedWay): boolean {
  if (earlier.transition.eventType !== later.transition.eventType) return false;
  return later.node.path.every((key, at) => earlier.node.path[at] === key);
}

function standingOf({ transition }: OfferedWay, snapshot: AnyMachineSnapshot): GuardStanding {
  const { guard, eventType } = transition;
  if (guard === undefined) return 'open';
  const asked = foreseenEvent(eventType);
  try {
    const passes = evaluateGuard(
      guard as Parameters<typeof evaluateGuard>[0],
      snapshot.context,
      asked.event,
      snapshot,
    );
    if (asked.wasRead()) return 'depends';
    return passes ? 'open' : 'closed';
  } catch {
    // Of an event without contents it may well expect more than it finds.
    return asked.wasRead() ? 'depends' : 'unknown';
  }
}

interface ForeseenEvent {
  readonly event: AnyEventObject;
  /** Whether anybody wanted to know more of it than its type. */
  readonly wasRead: () => boolean;
}

/** An event of which only the type is known. It notes whether more of it was looked at, and takes no changes. */
function foreseenEvent(type: string): ForeseenEvent {
  let wasRead = false;
  const note = () => {
    wasRead = true;
  };
  const ignore = () => true;
  const event = new Proxy<AnyEventObject>(
    { type },
    {
      get: (target, name) => (name === 'type' ? target.type : void note()),
      has: (_, name) => {
        if (name !== 'type') note();
        return name === 'type';
      },
      ownKeys: (target) => {
        note();
        return Reflect.ownKeys(target);
      },
      getOwnPropertyDescriptor: (target, name) => {
        if (name !== 'type') note();
        return Reflect.getOwnPropertyDescriptor(target, name);
      },
      set: ignore,
      deleteProperty: ignore,
      preventExtensions: () => false,
      setPrototypeOf: () => false,
    },
  );
  return { event, wasRead: () => wasRead };
}
