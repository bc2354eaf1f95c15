import type {
  AnyActorScope,
  AnyEventObject,
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyStateNode,
} from 'xstate';
import {
  type AssignAction,
  type BuiltInAction,
  beginsIdle,
  type Choice,
  choicesOf,
  type PlannedAction,
  type StepPlan,
} from './step-plans.ts';
import { derivedLogic, nodesOf } from './xstate-internals.ts';

/** A state without states within it, and what each event may lead to. */
interface Leaf {
  /** How many states there are when this one and those around it are all. */
  readonly depth: number;
  readonly choices: Map<string, readonly Choice[] | undefined>;
}

/**
 * The same machine, whose simple transitions are taken by plan (see `step-plans`), and all others by XState: either way
 * it is the chart that runs. What is planned cannot spawn within `assign`, and tells `inspect` of no microsteps.
 * `test/actors/planned-steps.test.ts` holds both ways against each other, on all paths of our charts.
 */
export function withPlannedSteps<M extends AnyStateMachine>(machine: M): M {
  const leaves = new Map<AnyStateNode, Leaf>();
  const choicesAt = (nodes: readonly AnyStateNode[], eventType: string) => {
    const last = nodes.at(-1) as AnyStateNode;
    let leaf = leaves.get(last);
    if (leaf === undefined) {
      leaf = { depth: last.path.length + 1, choices: new Map() };
      leaves.set(last, leaf);
    }
    if (leaf.depth !== nodes.length) return undefined;
    const known = leaf.choices.get(eventType);
    if (known !== undefined || leaf.choices.has(eventType)) return known;
    const choices = choicesOf(machine, last, eventType);
    leaf.choices.set(eventType, choices);
    return choices;
  };
  const transition = (before: AnyMachineSnapshot, event: AnyEventObject, scope: AnyActorScope) => {
    const choices = choicesAt(nodesOf(before), event.type);
    const plan = choices === undefined ? undefined : chosen(choices, before, event);
    if (plan === null) return before;
    if (plan === undefined || (plan.isLast && Object.keys(before.children).length > 0)) {
      return machine.transition(before, event, scope);
    }
    return taken(plan, before, event, scope);
  };
  return derivedLogic(machine, { transition, getInitialSnapshot: beginningBy(machine) });
}

/** `null` when no guard lets the event through; `undefined` when one throws: XState then says which, and where. */
function chosen(
  choices: readonly Choice[],
  { context }: AnyMachineSnapshot,
  event: AnyEventObject,
): StepPlan | null | undefined {
  try {
    for (const { guard, params, plan } of choices) {
      if (guard === undefined) return plan;
      const args = { context, event };
      if (guard(args, typeof params === 'function' ? params(args) : params)) return plan;
    }
  } catch {
    return undefined;
  }
  return null;
}

/** Does what is to be done, and says where that leads. What is done sees the context as those before it left it. */
function taken(
  { actions, place, isLast }: StepPlan,
  before: AnyMachineSnapshot,
  event: AnyEventObject,
  scope: AnyActorScope,
): AnyMachineSnapshot {
  let { context } = before;
  for (const { type, run, params: given } of actions) {
    const params = typeof given === 'function' ? given({ context, event }) : given;
    const info = { context, event, self: scope.self, system: scope.system };
    if (isAssign(run)) context = { ...context, ...assigned(run, { ...info, spawn }, params) };
    else if (isBuiltIn(run)) {
      const [, resolved] = run.resolve(scope, before, info, params, run, extra);
      scope.actionExecutor({ type, info, params: resolved, exec: () => run.execute(scope, resolved) });
    } else scope.actionExecutor({ type, info, params, exec: run });
  }
  if (place === undefined) return context === before.context ? before : { ...before, context };
  const { nodes: _nodes, value, tags } = place;
  return {
    ...before,
    context,
    value,
    tags,
    _nodes,
    status: isLast ? 'done' : 'active',
  } as AnyMachineSnapshot;
}

function isAssign(run: PlannedAction['run']): run is AssignAction {
  return 'assignment' in run;
}

function isBuiltIn(run: PlannedAction['run']): run is BuiltInAction {
  return 'resolve' in run;
}

function assigned({ assignment }: AssignAction, args: object, params: unknown): object {
  if (typeof assignment === 'function') return assignment(args, params);
  const changes: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(assignment)) {
    changes[key] = typeof value === 'function' ? value(args, params) : value;
  }
  return changes;
}

/** A chart that begins with nothing to do begins by a context alone. */
function beginningBy(machine: AnyStateMachine): AnyStateMachine['getInitialSnapshot'] {
  const { context } = machine.config;
  if (!beginsIdle(machine) || typeof context !== 'function') return machine.getInitialSnapshot;
  let begun: AnyMachineSnapshot | undefined;
  return (scope, input) => {
    if (begun !== undefined) {
      try {
        return { ...begun, context: context({ input, self: scope.self, spawn }) };
      } catch {
        // It fails again below, where XState makes a snapshot of that.
      }
    }
    const snapshot = machine.getInitialSnapshot(scope, input);
    const isBare = snapshot.status === 'active' && Object.keys(snapshot.children).length === 0;
    if (isBare) begun = { ...snapshot, context: undefined };
    return snapshot;
  };
}

/** What XState raises at once would be another step: that no plan has one, a delay that is no number would belie. */
const extra = {
  internalQueue: {
    push: () => {
      throw new TypeError('a planned step raises nothing at once: give it a delay in ms');
    },
  },
};

function spawn(): never {
  throw new TypeError('a planned step cannot spawn: use an action that does');
}
