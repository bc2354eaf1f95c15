import { expect } from 'vitest';
import type { AnyActorScope, AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { withPlannedSteps } from '../../src/actors/planned-steps.ts';
import { derivedLogic, nodesOf } from '../../src/actors/xstate-internals.ts';

/** Transitions of a machine, by who took them. */
export interface Takers {
  readonly planned: Set<string>;
  readonly byXState: Set<string>;
}

/**
 * The machine as XState runs it. Each transition that is planned is made twice before it is taken, once by plan and once
 * by XState, with nothing carried out: both must do the same, in the same order, and lead to the same place.
 */
export function bothWays<M extends AnyStateMachine>(machine: M, takers: Takers): M {
  const leftToXState = {} as AnyMachineSnapshot;
  const planned = withPlannedSteps(derivedLogic(machine, { transition: () => leftToXState }));
  return derivedLogic(machine, {
    transition: (before: AnyMachineSnapshot, event: AnyEventObject, scope: AnyActorScope) => {
      const name = `${machine.id} ${JSON.stringify(before.value)} ${event.type}`;
      const byPlan = told(planned, before, event, scope);
      if (byPlan.after === leftToXState) takers.byXState.add(name);
      else {
        takers.planned.add(name);
        expect(byPlan, name).toEqual(told(machine, before, event, scope));
      }
      return machine.transition(before, event, scope);
    },
    getInitialSnapshot: (scope: AnyActorScope, input: unknown) => {
      const begun = machine.getInitialSnapshot(scope, input);
      // Who spawns as it begins would do so twice.
      if (begun.status !== 'active' || Object.keys(begun.children).length > 0) return begun;
      planned.getInitialSnapshot(scope, input); // The first one is XState's own.
      const second = planned.getInitialSnapshot(scope, input);
      // What a context begins with may be of its own each time.
      const bare = ({ context, ...rest }: AnyMachineSnapshot) => {
        const snapshot = { ...rest, context: Object.keys(context) } as AnyMachineSnapshot;
        return shown(snapshot, snapshot);
      };
      expect(bare(second)).toEqual(bare(begun));
      return begun;
    },
  });
}

/** What a transition does and where it leads, as seen by somebody who carries nothing out. */
function told(
  machine: AnyStateMachine,
  before: AnyMachineSnapshot,
  event: AnyEventObject,
  scope: AnyActorScope,
) {
  const done: unknown[] = [];
  const deaf: AnyActorScope = {
    ...scope,
    actionExecutor: ({ type, info, params }) => {
      done.push([type, info.context, info.event, info.self === scope.self, params]);
    },
  };
  try {
    const after: AnyMachineSnapshot = machine.transition(before, event, deaf);
    return { done, after: shown(after, before) };
  } catch (error) {
    return { done, after: String(error) };
  }
}

/** All of a snapshot that its actor or anybody else could see. */
function shown(snapshot: AnyMachineSnapshot, before: AnyMachineSnapshot) {
  if (snapshot.machine === undefined) return snapshot;
  const { status, value, context, tags, children, output, error, historyValue } = snapshot;
  return {
    ...{ status, value, context, tags, children, output, error, historyValue },
    nodes: nodesOf(snapshot)
      .map(({ id }) => id)
      .sort(),
    isSame: snapshot === before,
    hasSameNodes: nodesOf(snapshot) === nodesOf(before),
    canDoNothing: snapshot.can({ type: 'nobody knows this' }),
  };
}
