import { type DirectedGraphNode, toDirectedGraph } from '@xstate/graph';
import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** A machine as boxes and ways between them: plain data, from which it is drawn. The same definition gives the same graph. */
export interface ChartGraph {
  readonly machine: string;
  /** The machine itself first, then each state before those within it. */
  readonly states: readonly ChartState[];
  /** In the order in which XState tries those of one state and one event. */
  readonly ways: readonly ChartWay[];
}

export interface ChartState {
  /** Its path, `leased.running`; empty for the machine itself. */
  readonly id: string;
  readonly name: string;
  /** `null` for the machine itself. */
  readonly parent: string | null;
  readonly kind: AnyStateNode['type'];
  /** The state within it where it begins; `null` where it has none, or has regions. */
  readonly initial: string | null;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  /** Actors that live as long as it is active. */
  readonly runs: readonly string[];
}

/** What a state does on an event. One with several targets is several ways. */
export interface ChartWay {
  readonly id: string;
  readonly from: string;
  /** `null` where the actor stays where it is. */
  readonly to: string | null;
  /** As XState calls it: `task.settle`, `xstate.after.waitMs.task.scheduled`; empty for what is taken at once. */
  readonly event: string;
  readonly kind: 'event' | 'always' | 'after' | 'done' | 'error' | 'any';
  /** The event for people: `task.settle`, `after waitMs`, `heartbeat crashes`. */
  readonly label: string;
  readonly guard: string | null;
  /** What the guard is asked for by the chart itself, as in `startsAs standby`; empty where that comes with the event. */
  readonly guardParams: string;
  readonly actions: readonly string[];
  /** The state is left and entered again where it leads to itself. */
  readonly reenters: boolean;
}

type Transition = DirectedGraphNode['edges'][number]['transition'];

/** The graph of a machine, whole: with the ways that are taken `always`, which XState's own graph leaves out. */
export function graphOf(machine: AnyStateMachine): ChartGraph {
  const nodes = flattened(toDirectedGraph(machine.root));
  return {
    machine: machine.id,
    states: nodes.map(({ stateNode }) => stateOf(stateNode)),
    ways: nodes.flatMap(waysOf),
  };
}

function flattened(node: DirectedGraphNode): readonly DirectedGraphNode[] {
  return [node, ...node.children.flatMap(flattened)];
}

function stateOf(node: AnyStateNode): ChartState {
  const first = node.type === 'compound' ? node.initial?.target[0] : undefined;
  return {
    id: idOf(node),
    name: node.key,
    parent: node.parent === undefined ? null : idOf(node.parent),
    kind: node.type,
    initial: first === undefined ? null : idOf(first),
    entry: namesOf(node.entry),
    exit: namesOf(node.exit),
    runs: node.invoke.map(({ src }) => String(src)),
  };
}

function waysOf({ stateNode, edges }: DirectedGraphNode): readonly ChartWay[] {
  // Where a transition has no target, XState's graph draws it back to its own state; it does not even leave it.
  const drawn = edges.map(({ transition, target }) => ({
    transition,
    to: transition.target === undefined ? null : idOf(target),
  }));
  const atOnce = (stateNode.always ?? []).flatMap((transition) =>
    (transition.target ?? [null]).map((target) => ({
      transition,
      to: target === null ? null : idOf(target),
    })),
  );
  return [...drawn, ...atOnce].map(({ transition, to }, index) => {
    const from = idOf(stateNode);
    return { id: `${from}#${index}`, from, to, ...detailsOf(transition) };
  });
}

function detailsOf({ eventType, guard, actions, reenter }: Transition): Omit<ChartWay, 'id' | 'from' | 'to'> {
  return {
    event: eventType,
    ...eventFor(eventType),
    guard: guard === undefined ? null : nameOf(guard),
    guardParams: paramsOf(guard),
    actions: namesOf(actions),
    reenters: reenter,
  };
}

function eventFor(type: string): Pick<ChartWay, 'kind' | 'label'> {
  if (type === '') return { kind: 'always', label: 'always' };
  if (type === '*') return { kind: 'any', label: 'any event' };
  const [, kind, name = ''] = /^xstate\.(after|done\.actor|error\.actor|done\.state)\.(.+)$/.exec(type) ?? [];
  const child = name === '*' ? 'a child' : name;
  switch (kind) {
    case 'after':
      return { kind: 'after', label: `after ${name.split('.')[0]}` };
    case 'done.actor':
      return { kind: 'done', label: `${child} is done` };
    case 'error.actor':
      return { kind: 'error', label: `${child} crashes` };
    case 'done.state':
      return { kind: 'done', label: `${name.split('.').at(-1)} is done` };
    case undefined:
      return { kind: type.endsWith('.*') ? 'any' : 'event', label: type };
    default:
      throw new TypeError(`no name for the event ${type}`);
  }
}

/** What XState does for an `after` is a way of the graph. */
const timers = ['xstate.raise', 'xstate.cancel'];

function namesOf(actions: readonly unknown[]): readonly string[] {
  return actions.map(nameOf).filter((name) => !timers.includes(name));
}

/** The name under which `setup` knows an action or a guard; of one of XState's own, what it does. */
function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  const { type = '', src } = named as { type?: string; src?: string };
  return type === 'xstate.spawnChild' ? `spawn ${src}` : type;
}

function paramsOf(guard: unknown): string {
  const { params } = Object(guard) as { params?: unknown };
  return typeof params === 'object' && params !== null ? Object.values(params).join(' ') : '';
}

function idOf(node: AnyStateNode): string {
  return node.path.join('.');
}
