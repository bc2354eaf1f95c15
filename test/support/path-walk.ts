import { getAdjacencyMap, getShortestPaths, getSimplePaths } from '@xstate/graph';
import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { armedIn, isOfTimer, withTimers } from './path-timers.ts';

/** Where a walk may go. */
export interface Walk {
  readonly machine: AnyStateMachine;
  readonly input?: unknown;
  /** What may happen in a state, beside the timer that is due first: a finite set, so that the walk ends. */
  readonly events: (snapshot: AnyMachineSnapshot) => readonly AnyEventObject[];
  /** What two states that have the same value still differ in. States of one key must lead to the same keys. */
  readonly keyOf?: (snapshot: AnyMachineSnapshot) => unknown;
  /** Actions by which the actor gives up: they throw. */
  readonly throwing?: readonly string[];
}

export interface PathStep {
  readonly event: AnyEventObject;
  /** Of the state after it. */
  readonly key: string;
  /** It is the clock that brings the event. */
  readonly isTimer: boolean;
}
export type Path = readonly PathStep[];

/** A walk that takes longer has a context that grows without end, which its key must cut. */
const transitionsMax = 50_000;

/**
 * The name of a state: by it, what lives is compared with what was foreseen.
 *
 * @param armed types of the events that timers will bring, the next one first
 */
export function keyIn(walk: Walk, snapshot: AnyMachineSnapshot, armed: readonly string[]): string {
  const { status, value } = snapshot;
  if (status !== 'active') return JSON.stringify([status, status === 'error' ? null : value]);
  return JSON.stringify([value, walk.keyOf?.(snapshot) ?? null, armed]);
}

/**
 * The shortest path to each state, and from there one step further by each thing that may happen. What leads to the last
 * step of one of them is itself one of them.
 */
export function edgePaths(walk: Walk): readonly Path[] {
  const options = optionsOf(walk);
  const logic = withTimers(walk.machine, walk.throwing ?? []);
  // Its type says nothing of what is in it.
  const adjacency = getAdjacencyMap(logic, options) as unknown as Readonly<Record<string, Ways>>;
  return getShortestPaths(logic, options).flatMap(({ state, steps }): Path[] => {
    const head = pathOf(walk, steps);
    const further = adjacency[foreseenKey(walk, state)]?.transitions ?? {};
    return Object.values(further).map((step) => [...head, pathStep(walk, step)]);
  });
}

/** Every path that comes by no state twice, to where it would have to. */
export function simplePaths(walk: Walk): readonly Path[] {
  const paths = getSimplePaths(withTimers(walk.machine, walk.throwing ?? []), optionsOf(walk));
  const all = paths.map(({ steps }) => pathOf(walk, steps)).filter((path) => path.length > 0);
  // Those that are the beginning of longer ones are replayed with these.
  const beginnings = new Set(all.map((path) => nameOf(path.slice(0, -1))));
  return all.filter((path) => !beginnings.has(nameOf(path)));
}

function nameOf(path: Path): string {
  return path.map(({ event, key }) => `${JSON.stringify(event)} ${key}`).join('\n');
}

interface Ways {
  readonly transitions: Readonly<Record<string, Step>>;
}

interface Step {
  readonly event: AnyEventObject;
  readonly state: AnyMachineSnapshot;
}

function optionsOf(walk: Walk) {
  return {
    input: walk.input,
    events: (snapshot: AnyMachineSnapshot) => [
      ...walk.events(snapshot),
      ...armedIn(snapshot)
        .slice(0, 1)
        .map(({ event }) => event),
    ],
    serializeState: (snapshot: AnyMachineSnapshot) => foreseenKey(walk, snapshot) as never,
    // Or it walks on from states that are final.
    stopWhen: ({ status }: AnyMachineSnapshot) => status !== 'active',
    limit: transitionsMax,
  };
}

function foreseenKey(walk: Walk, snapshot: AnyMachineSnapshot): string {
  return keyIn(
    walk,
    snapshot,
    armedIn(snapshot).map(({ event }) => event.type),
  );
}

/** The first step tells of the start alone. */
function pathOf(walk: Walk, steps: readonly Step[]): Path {
  return steps.slice(1).map((step) => pathStep(walk, step));
}

function pathStep(walk: Walk, { event, state }: Step): PathStep {
  return { event, key: foreseenKey(walk, state), isTimer: isOfTimer(event) };
}
