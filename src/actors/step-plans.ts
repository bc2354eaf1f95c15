import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/**
 * What a transition does to the states of a chart, worked out once. XState works it out anew at each transition, with a
 * dozen sets and maps: for the life of a task that was a quarter of the time and half of the garbage.
 *
 * Only what is simple is planned: one state at a time (no parallel states, no history), one target, nothing invoked, no
 * transition without an event. All else has no plan, and is left to XState.
 */

/** What is done in a step. */
export interface PlannedAction {
  /** An action of ours is a plain function; those of XState have `resolve`. */
  readonly run: OwnAction | BuiltInAction | AssignAction;
  readonly type: string;
  readonly params: Params;
}

export type OwnAction = (args: unknown, params: unknown) => void;

/** `emit`, `sendTo`, `cancel`, and `raise` of what comes later. */
export interface BuiltInAction {
  readonly type: string;
  readonly resolve: (...args: readonly unknown[]) => readonly [unknown, unknown, unknown];
  readonly execute: (scope: unknown, resolved: unknown) => void;
}

export interface AssignAction {
  readonly type: 'xstate.assign';
  readonly assignment: ((args: unknown, params: unknown) => object) | Readonly<Record<string, unknown>>;
}

/** As the chart gives them: fixed, or to be read from the context and the event. */
type Params = unknown | ((args: { context: unknown; event: unknown }) => unknown);

/** A state of a chart, with all around it. */
export interface Place {
  /** From the root inwards to one that has none within it. */
  readonly nodes: readonly AnyStateNode[];
  readonly value: unknown;
  readonly tags: ReadonlySet<string>;
}

export interface StepPlan {
  readonly actions: readonly PlannedAction[];
  /** Where it leads; `undefined` where it stays. */
  readonly place: Place | undefined;
  /** Whether the chart ends there. */
  readonly isLast: boolean;
}

/** One of the transitions that an event may take. The first whose guard holds is taken. */
export interface Choice {
  readonly guard: ((args: unknown, params: unknown) => boolean) | undefined;
  readonly params: Params;
  readonly plan: StepPlan;
}

/**
 * The choices of an event in a state that has none within it, in the order in which they are asked; `undefined` where
 * XState has to decide.
 */
export function choicesOf(
  machine: AnyStateMachine,
  leaf: AnyStateNode,
  eventType: string,
): readonly Choice[] | undefined {
  const nodes = lineTo(leaf);
  if (leaf.type !== 'atomic' || !isQuiet(nodes)) return undefined;
  // XState gives errors and endings of children, and stopping, a meaning of their own.
  if (eventType.startsWith('xstate.') && !eventType.startsWith('xstate.after.')) return undefined;
  const choices: Choice[] = [];
  for (const node of [...nodes].reverse()) {
    if ([...node.transitions.keys()].some(isPatternOfOurs)) return undefined;
    for (const transition of node.transitions.get(eventType) ?? []) {
      const choice = choiceOf(machine, nodes, transition);
      if (choice === undefined) return undefined;
      choices.push(choice);
    }
  }
  return choices;
}

/** Whether a chart begins with nothing to do, and with nothing that goes on by itself. */
export function beginsIdle(machine: AnyStateMachine): boolean {
  const inwards = descent(machine.root);
  if (inwards === undefined) return false;
  const nodes = [machine.root, ...inwards];
  const hasNothingToDo = (node: AnyStateNode) => node.entry.length + initialActions(node).length === 0;
  return isQuiet(nodes) && !isEnding(nodes) && nodes.every(hasNothingToDo);
}

/** Patterns of XState's own events are left to it with the events. */
function isPatternOfOurs(descriptor: string): boolean {
  return descriptor.includes('*') && !descriptor.startsWith('xstate.');
}

function choiceOf(
  machine: AnyStateMachine,
  nodes: readonly AnyStateNode[],
  transition: AnyTransitionDefinition,
): Choice | undefined {
  const plan = planOf(machine, nodes, transition);
  if (plan === undefined) return undefined;
  const { guard } = transition;
  if (guard === undefined) return { guard, params: undefined, plan };
  const { implementation, params } = resolved(machine.implementations.guards, guard);
  // `and`, `or`, `not` and `stateIn` have a check of their own.
  if (typeof implementation !== 'function' || 'check' in implementation) return undefined;
  return { guard: implementation as NonNullable<Choice['guard']>, params, plan };
}

/** The implementation behind a name, or the function itself, with the params that the chart gives. */
function resolved(implementations: object, named: unknown): { implementation: unknown; params: Params } {
  if (typeof named === 'function') return { implementation: named, params: undefined };
  const { type, params } = typeof named === 'string' ? { type: named } : (named as Named);
  return { implementation: (implementations as Record<string, unknown>)[type], params };
}

interface Named {
  readonly type: string;
  readonly params?: Params;
}

function planOf(
  machine: AnyStateMachine,
  nodes: readonly AnyStateNode[],
  { source, target, reenter, actions }: AnyTransitionDefinition,
): StepPlan | undefined {
  const [to, ...others] = target ?? [];
  if (others.length > 0) return undefined;
  if (to === undefined) return withActions(machine, actions, undefined);
  const depth = depthLeft(nodes, source, to, reenter);
  const inwards = descent(to);
  if (depth === undefined || inwards === undefined) return undefined;
  const line = lineTo(to);
  const left = nodes.slice(depth).reverse();
  const place = placeOf([...nodes.slice(0, depth), ...line.slice(depth), ...inwards]);
  if (!isSettled(place.nodes)) return undefined;
  // The initial actions of a state belong to the default way into it, and not to one that leads further.
  const begun = new Set([to, ...inwards]);
  const entered = place.nodes
    .slice(depth)
    .flatMap((node) => [...node.entry, ...(begun.has(node) ? initialActions(node) : [])]);
  const after = isEnding(place.nodes) ? [...place.nodes].reverse().flatMap(({ exit }) => exit) : [];
  const all = [...left.flatMap(({ exit }) => exit), ...actions, ...entered, ...after];
  // Back where it was is no other place: those who look see that by the states being the same ones.
  return withActions(machine, all, place.nodes.at(-1) === nodes.at(-1) ? undefined : place);
}

function initialActions({ type, initial }: AnyStateNode): readonly unknown[] {
  return type === 'compound' ? initial.actions : [];
}

function withActions(
  machine: AnyStateMachine,
  named: readonly unknown[],
  place: Place | undefined,
): StepPlan | undefined {
  const actions: PlannedAction[] = [];
  for (const each of named) {
    const action = plannedAction(machine, each);
    if (action === undefined) return undefined;
    actions.push(action);
  }
  return { actions, place, isLast: place !== undefined && isEnding(place.nodes) };
}

const plannedBuiltIns: ReadonlySet<string> = new Set([
  'xstate.assign',
  'xstate.emit',
  'xstate.sendTo',
  'xstate.cancel',
  'xstate.raise',
]);

function plannedAction(machine: AnyStateMachine, named: unknown): PlannedAction | undefined {
  const { implementation, params } = resolved(machine.implementations.actions, named);
  if (typeof implementation !== 'function') return undefined;
  const type = nameOf(named, implementation);
  if (!('resolve' in implementation)) return { run: implementation as OwnAction, type, params };
  const run = implementation as unknown as BuiltInAction & { readonly delay?: unknown };
  // What is raised at once is a further step; `enqueueActions` may do anything.
  const isPlanned = plannedBuiltIns.has(run.type) && (run.type !== 'xstate.raise' || run.delay !== undefined);
  return isPlanned ? { run, type: run.type, params } : undefined;
}

function nameOf(named: unknown, { name }: { readonly name: string }): string {
  if (typeof named === 'string') return named;
  return typeof named === 'object' ? (named as Named).type : name || '(anonymous)';
}

/**
 * How many states, from the root inwards, are neither left nor entered: those down to the domain of the transition
 * (SCXML 3.13).
 */
function depthLeft(
  nodes: readonly AnyStateNode[],
  source: AnyStateNode,
  to: AnyStateNode,
  reenter: boolean,
): number | undefined {
  const line = lineTo(to);
  const at = nodes.indexOf(source);
  if (at === -1) return undefined;
  if (!reenter && line.includes(source)) return at + 1;
  // The innermost state around both.
  let depth = 0;
  while (depth < at && depth < line.length - 1 && nodes[depth] === line[depth]) depth += 1;
  return depth === 0 ? undefined : depth;
}

/** A state behind those around it, from the root inwards. */
function lineTo(node: AnyStateNode): readonly AnyStateNode[] {
  return node.parent === undefined ? [node] : [...lineTo(node.parent), node];
}

/** The default way from a state inwards; `undefined` where it is not one state after the other. */
function descent(node: AnyStateNode): readonly AnyStateNode[] | undefined {
  if (node.type === 'parallel' || node.type === 'history') return undefined;
  if (node.type !== 'compound') return [];
  const [first, ...others] = node.initial.target;
  if (first === undefined || others.length > 0 || first.parent !== node) return undefined;
  const inwards = descent(first);
  return inwards === undefined ? undefined : [first, ...inwards];
}

/** Nothing goes on by itself there. */
function isQuiet(nodes: readonly AnyStateNode[]): boolean {
  return nodes.every(({ always, invoke, type }) => {
    return always === undefined && invoke.length === 0 && type !== 'parallel';
  });
}

/** The ending of a state within the chart is an event for it, that of the whole chart is none. */
function isSettled(nodes: readonly AnyStateNode[]): boolean {
  return isQuiet(nodes) && (!isEnding(nodes) || (nodes.length === 2 && nodes[0]?.output === undefined));
}

function isEnding(nodes: readonly AnyStateNode[]): boolean {
  return nodes.at(-1)?.type === 'final';
}

function placeOf(nodes: readonly AnyStateNode[]): Place {
  const keys = nodes.slice(1).map(({ key }) => key);
  const value = keys.reduceRight<unknown>(
    (inner, key) => (inner === undefined ? key : { [key]: inner }),
    undefined,
  );
  return { nodes, value: value ?? {}, tags: new Set(nodes.flatMap(({ tags }) => tags)) };
}
