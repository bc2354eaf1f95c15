import type { ChartGraph, ChartWay } from '../../chart-graph.ts';
import { type OperatorSignal, signalOf } from '../../machines/operator-signals.ts';
import type { ActorOption, GuardStanding } from '../../runtime/inspection-guards.ts';
import { withParents } from './actor-history.ts';

/** A way that an actor has at the moment that is shown. */
export interface NextWay {
  readonly way: ChartWay;
  /** Whether it would be taken now; `null` of a moment that is past. */
  readonly standing: GuardStanding | null;
  /** What an operator may send to take it; once for each event, and where it may be taken. */
  readonly signal: OperatorSignal | null;
}

/**
 * What an actor in these states would take, the innermost first: in this order XState tries them.
 *
 * @param live what the server says of it now; `null` of a moment that is past
 */
export function nextWays(
  graph: ChartGraph,
  active: readonly string[],
  live: readonly ActorOption[] | null,
): readonly NextWay[] {
  const offered = new Set<string>();
  return waysIn(graph, active).map((way) => {
    const standing = live === null ? null : standingOf(way, live);
    const mayBeTaken = standing !== null && standing !== 'closed' && standing !== 'shadowed';
    const signal = mayBeTaken && !offered.has(way.event) ? signalOf(graph.machine, way.event) : undefined;
    if (signal !== undefined) offered.add(signal.event);
    return { way, standing, signal: signal ?? null };
  });
}

/** An actor in a final state takes nothing more, though its machine has ways that are taken in every state. */
function waysIn({ states, ways }: ChartGraph, active: readonly string[]): readonly ChartWay[] {
  const lit = withParents(active);
  const isEnded = states.some(({ id, kind, parent }) => parent === '' && kind === 'final' && lit.has(id));
  if (isEnded) return [];
  const depth = (way: ChartWay) => (way.from === '' ? 0 : way.from.split('.').length);
  return ways.filter(({ from }) => lit.has(from)).toSorted((a, b) => depth(b) - depth(a));
}

/** The drawing and the server name the same ways; a drawing of another version has some that nobody knows. */
function standingOf(
  { from, event, guard, to }: ChartWay,
  live: readonly ActorOption[],
): GuardStanding | null {
  const found = live.find(
    (option) =>
      option.from === from &&
      option.event === event &&
      option.guard === guard &&
      (to === null ? option.targets.length === 0 : option.targets.includes(to)),
  );
  return found?.standing ?? null;
}
