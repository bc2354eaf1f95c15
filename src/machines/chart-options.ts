import type { AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** One way that an event may lead; several of one event are tried in their order. */
export interface ChartOption {
  /** The state that offers it, by its path; empty for the machine itself. */
  readonly from: string;
  /** As XState calls it: `task.cancel`, `xstate.after.waitMs.task.backingOff`; empty for what is taken at once. */
  readonly event: string;
  /** The guard that stands in the way; `null` where none does. */
  readonly guard: string | null;
  /** States that it leads to; none where it leaves the actor where it is. */
  readonly targets: readonly string[];
}

/** A way as XState has it, and the state that offers it. */
export interface OfferedWay {
  readonly node: AnyStateNode;
  readonly transition: AnyTransitionDefinition;
}

/** The ways that these states offer, the innermost first: that is the order in which XState looks for one. */
export function waysOf(nodes: readonly AnyStateNode[]): readonly OfferedWay[] {
  const innermostFirst = [...nodes].sort((a, b) => b.path.length - a.path.length || a.order - b.order);
  return innermostFirst.flatMap((node) =>
    [...(node.always ?? []), ...[...node.transitions.values()].flat()].map((transition) => ({
      node,
      transition,
    })),
  );
}

export function optionOf({ node, transition: { eventType, guard, target } }: OfferedWay): ChartOption {
  return {
    from: node.path.join('.'),
    event: eventType,
    guard: guard === undefined ? null : nameOf(guard),
    targets: (target ?? []).map(({ path }) => path.join('.')),
  };
}

function nameOf(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  const { type } = guard as { type?: string };
  return type ?? 'a guard without a name';
}
