import type { AnyStateNode } from 'xstate';

/** One way that an event may lead; several of one event are tried in their order. */
export interface ChartOption {
  /** As XState calls it: `task.cancel`, `xstate.after.waitMs.task.backingOff`, `xstate.error.actor.*`. */
  readonly event: string;
  /** The guard that stands in the way; `null` where none does. */
  readonly guard: string | null;
  /** States that it leads to; none where it leaves the actor where it is. */
  readonly targets: readonly string[];
}

/**
 * What an actor in these states would do next, the innermost first: that is the order in which XState looks for a way.
 * Whether a guard lets an event pass depends on what the event brings, so guards are named and not asked.
 */
export function optionsOf(nodes: readonly AnyStateNode[]): readonly ChartOption[] {
  const innermostFirst = [...nodes].sort((a, b) => b.path.length - a.path.length || a.order - b.order);
  return innermostFirst.flatMap((node) =>
    [...node.transitions.values()].flat().map(({ eventType, guard, target }) => ({
      event: eventType,
      guard: guard === undefined ? null : nameOf(guard),
      targets: (target ?? []).map(({ path }) => path.join('.')),
    })),
  );
}

function nameOf(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  const { type } = guard as { type?: string };
  return type ?? 'a guard without a name';
}
