import elkModule, { type ELK, type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js';
import type { AnyStateMachine } from 'xstate';
import type { ChartLayout, DrawnWay, Frame } from './chart-drawing.ts';
import { type ChartGraph, type ChartState, type ChartWay, graphOf } from './chart-graph.ts';
import { chartHash } from './chart-hash.ts';
import { chartFont, headSize, labelSize, textWidthPx } from './chart-labels.ts';

const startPx = 10;
const anywhereText = 'in every state';
const startOf = (id: string) => `start of ${id}`;
const anywhereIn = (id: string) => `anywhere in ${id}`;

const options = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.randomSeed': '1',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.considerModelOrder.strategy': 'PREFER_NODES',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '18',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelNode': '10',
  'elk.spacing.labelLabel': '6',
  'elk.layered.spacing.nodeNodeBetweenLayers': '36',
  'elk.layered.spacing.edgeNodeBetweenLayers': '18',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  'elk.layered.edgeLabels.sideSelection': 'ALWAYS_DOWN',
} as const;

/** Lays out the chart of a machine. Takes up to seconds; the same definition gives the same layout. */
export async function layoutOf(machine: AnyStateMachine): Promise<ChartLayout> {
  const graph = graphOf(machine);
  const elk = new elkModule.default() as ELK;
  const laid = await elk.layout(elkGraphOf(graph));
  return { graph, hash: chartHash(machine), ...readLayout(graph, laid) };
}

function elkGraphOf(graph: ChartGraph): ElkNode {
  const [root] = graph.states;
  if (root === undefined) throw new TypeError(`the machine ${graph.machine} has no states`);
  const order = orderOf(graph);
  return {
    id: 'drawing',
    layoutOptions: { ...options, 'elk.direction': 'DOWN', 'elk.padding': paddingOf(0) },
    children: [elkNodeOf(graph, root)],
    edges: [...graph.ways.flatMap((way) => elkEdgeOf(way, order)), ...graph.states.flatMap(startEdgeOf)],
  };
}

function elkNodeOf(graph: ChartGraph, state: ChartState): ElkNode {
  const children = graph.states.filter(({ parent }) => parent === state.id);
  const { width, height } = headSize(graph, state);
  if (children.length === 0) return { id: boxId(state.id), width, height };
  return {
    id: boxId(state.id),
    layoutOptions: {
      'elk.padding': paddingOf(height),
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width}, ${height})`,
    },
    children: [
      ...(state.initial === null
        ? []
        : [
            {
              id: startOf(state.id),
              width: startPx,
              height: startPx,
              layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
            },
          ]),
      ...(graph.ways.some((way) => way.from === state.id && isWithin(way))
        ? [{ id: anywhereIn(state.id), ...anywhereSize() }]
        : []),
      ...children.map((child) => elkNodeOf(graph, child)),
    ],
  };
}

function elkEdgeOf(way: ChartWay, order: readonly string[]): readonly ElkExtendedEdge[] {
  if (way.to === null) return [];
  const leadsOn = isWithin(way) || order.indexOf(way.from) < order.indexOf(way.to);
  const source = isWithin(way) ? anywhereIn(way.from) : boxId(way.from);
  const label = { text: way.label, ...labelSize(way) };
  const layoutOptions = { 'elk.layered.priority.direction': leadsOn ? '10' : '0' };
  return [{ id: way.id, sources: [source], targets: [boxId(way.to)], labels: [label], layoutOptions }];
}

/** States in the order in which a life comes to them first: it is drawn from above. */
function orderOf({ states, ways }: ChartGraph): readonly string[] {
  const found = new Set(['']);
  for (const id of found) {
    const state = states.find((each) => each.id === id);
    const within = states.filter(({ parent }) => parent === id).map((each) => each.id);
    const first = state?.initial ?? null;
    for (const next of first === null ? within : [first]) found.add(next);
    for (const { from, to } of ways) {
      if (to === null || !(from === id || (from !== '' && id.startsWith(`${from}.`)))) continue;
      for (const end of pathTo(to)) found.add(end);
    }
  }
  return [...found];
}

/** A state behind those that it is in. */
function pathTo(id: string): readonly string[] {
  const keys = id.split('.');
  return keys.map((_, at) => keys.slice(0, at + 1).join('.'));
}

function startEdgeOf({ id, initial }: ChartState): readonly ElkExtendedEdge[] {
  if (initial === null) return [];
  const layoutOptions = { 'elk.layered.priority.direction': '100' };
  return [{ id: startOf(id), sources: [startOf(id)], targets: [boxId(initial)], layoutOptions }];
}

/** It leads from a state to one within it, so it starts at none of its edges. */
function isWithin({ from, to }: ChartWay): boolean {
  return to !== null && (from === '' || to.startsWith(`${from}.`));
}

function readLayout(graph: ChartGraph, laid: ElkNode): Omit<ChartLayout, 'graph' | 'hash'> {
  const frames = new Map(framesIn(laid));
  const frameOf = (id: string): Frame => {
    const frame = frames.get(id);
    if (frame === undefined) throw new TypeError(`${id} was not laid out`);
    return frame;
  };
  const edges = new Map((laid.edges ?? []).map((edge) => [edge.id, edge]));
  const drawn = graph.ways.filter(({ to }) => to !== null);
  const began = graph.states.filter(({ initial }) => initial !== null);
  return {
    width: Math.ceil(laid.width ?? 0),
    height: Math.ceil(laid.height ?? 0),
    boxes: Object.fromEntries(graph.states.map(({ id }) => [id, frameOf(boxId(id))])),
    starts: began.map(({ id }) => frameOf(startOf(id))),
    anywheres: Object.fromEntries(
      graph.states.flatMap(({ id }) => (frames.has(anywhereIn(id)) ? [[id, frameOf(anywhereIn(id))]] : [])),
    ),
    lines: [
      ...drawn.map(({ id }) => lineOf(id, edges.get(id))),
      ...began.map(({ id }) => lineOf(null, edges.get(startOf(id)))),
    ],
  };
}

function lineOf(way: string | null, edge: ElkExtendedEdge | undefined): DrawnWay {
  const [section] = edge?.sections ?? [];
  if (section === undefined) throw new TypeError(`the way ${way} was not laid out`);
  const { startPoint, bendPoints = [], endPoint } = section;
  const [label] = edge?.labels ?? [];
  return {
    way,
    points: [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x: rounded(x), y: rounded(y) })),
    label: label === undefined ? null : frameFrom(label),
  };
}

function framesIn(node: ElkNode): readonly (readonly [string, Frame])[] {
  return (node.children ?? []).flatMap((child) => [
    [child.id, frameFrom(child)] as const,
    ...framesIn(child),
  ]);
}

function frameFrom({ x = 0, y = 0, width = 0, height = 0 }: Partial<Frame>): Frame {
  return { x: rounded(x), y: rounded(y), width: rounded(width), height: rounded(height) };
}

function rounded(px: number): number {
  return Math.round(px * 10) / 10;
}

function anywhereSize(): { width: number; height: number } {
  const { textPx, linePx, paddingPx } = chartFont;
  return { width: textWidthPx(anywhereText, textPx) + 2 * paddingPx, height: linePx + paddingPx };
}

function paddingOf(headPx: number): string {
  return `[top=${headPx + 14},left=18,bottom=18,right=18]`;
}

/** ELK takes no empty id. */
function boxId(id: string): string {
  return `state ${id}`;
}
