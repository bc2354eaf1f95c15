import type { ChartGraph, ChartWay } from '../../chart-graph.ts';
import type {
  EdgeFigures,
  KeptFigures,
  MachineFigures,
  StateFigures,
} from '../../runtime/inspection-figures.ts';

/** What all actors together did on one way of the chart. */
export interface WayFigures {
  readonly count: number;
  readonly perSecond: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Another way has the same event, beginning and end, and only a guard tells them apart: these are of both together. */
  readonly isShared: boolean;
}

/** What all actors together did in a state, those within it included. */
export interface BoxFigures {
  readonly count: number;
  readonly entered: number;
  readonly crashed: number;
  /** `null` where none has left it yet. */
  readonly meanMs: number | null;
}

export function boxFigures({ states }: MachineFigures, id: string): BoxFigures {
  const within = states.filter(({ state }) => id === '' || state === id || state.startsWith(`${id}.`));
  const sum = (of: (each: StateFigures) => number) => within.reduce((total, each) => total + of(each), 0);
  const over = sum(({ entered, count }) => entered - count);
  return {
    count: sum(({ count }) => count),
    entered: sum(({ entered }) => entered),
    crashed: sum(({ crashed }) => crashed),
    meanMs: over === 0 ? null : sum(({ stayed_ms }) => stayed_ms) / over,
  };
}

/** The figures of each way that the chart draws, by its id. */
export function wayFigures(graph: ChartGraph, { edges, kept }: MachineFigures): Map<string, WayFigures> {
  const found = new Map<string, WayFigures>();
  for (const way of graph.ways) {
    const those = way.to === null ? keptBy(way, kept) : edges.filter((edge) => takes(graph, way, edge));
    if (those.length === 0) continue;
    const rivals = graph.ways.filter(
      (each) => each.event === way.event && each.from === way.from && each.to === way.to,
    );
    found.set(way.id, { ...summed(those), isShared: rivals.length > 1 });
  }
  return found;
}

/** The ways that may have led from a state to another on an event: what is told leaves the guard out. */
export function waysBetween(graph: ChartGraph, from: string, to: string, event: string): readonly ChartWay[] {
  const asked = { from, to, event: eventNameOf(event) };
  return graph.ways.filter((way) => way.to !== null && takes(graph, way, asked));
}

function takes(graph: ChartGraph, way: ChartWay, edge: Pick<EdgeFigures, 'from' | 'to' | 'event'>): boolean {
  if (way.to === null || eventNameOf(way.event) !== edge.event) return false;
  return isIn(edge.from, way.from) && endsOf(graph, way.to).has(edge.to);
}

/** What the machine does without leaving its states is counted by event alone. */
function keptBy(way: ChartWay, kept: readonly KeptFigures[]): readonly KeptFigures[] {
  if (way.from !== '') return [];
  return kept.filter(({ event }) => event === eventNameOf(way.event));
}

function summed(those: readonly (KeptFigures | EdgeFigures)[]): Omit<WayFigures, 'isShared'> {
  const failures: Record<string, number> = {};
  for (const each of those) {
    for (const [code, count] of Object.entries('failures' in each ? (each.failures ?? {}) : {})) {
      failures[code] = (failures[code] ?? 0) + count;
    }
  }
  return {
    count: those.reduce((total, { count }) => total + count, 0),
    perSecond: those.reduce((total, { per_second }) => total + per_second, 0),
    failures,
  };
}

/** The innermost states where an actor may be once it has gone to one: where that begins, and what is taken at once. */
function endsOf({ states, ways }: ChartGraph, to: string): ReadonlySet<string> {
  const ends = new Set([to]);
  for (const id of ends) {
    const state = states.find((each) => each.id === id);
    if (state === undefined) continue;
    if (state.initial !== null) ends.add(state.initial);
    if (state.kind === 'parallel') for (const each of states) if (each.parent === id) ends.add(each.id);
    for (const way of ways) if (way.kind === 'always' && way.from === id && way.to !== null) ends.add(way.to);
  }
  return ends;
}

function isIn(state: string, box: string): boolean {
  return box === '' || state === box || state.startsWith(`${box}.`);
}

/** Figures name no single child: ten thousand tasks would be ten thousand events. */
function eventNameOf(type: string): string {
  return type.replace(/^xstate\.(done|error)\.actor\..+$/, 'xstate.$1.actor.*');
}
