import type { ChartLayout, DrawnWay, Frame, Point } from './chart-drawing.ts';
import type { ChartGraph, ChartState } from './chart-graph.ts';
import { chartFont, linesOf, remarksOf } from './chart-labels.ts';

/**
 * A chart as a tree of SVG elements, as plain data: the page shows it, and {@link svgOf} writes it into a file, so that a
 * chart looks the same wherever it is met. What the classes look like is in `chart-paint.css`.
 */

/** What a drawing shows beside the chart itself: of all actors, or of one. */
export interface PictureMarks {
  /** States that are active, those that they are in included. */
  readonly lit?: ReadonlySet<string>;
  /** Ways that were just taken. */
  readonly trail?: ReadonlySet<string>;
  /** Short figures of a state, and of a way; empty for none. */
  readonly stateText?: (id: string) => string;
  readonly wayText?: (id: string) => string;
  /** Where something fails. */
  readonly isBad?: (id: string) => boolean;
}

/** One element of a drawing. */
export interface PicturePart {
  /** As SVG calls it: `rect`. */
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (PicturePart | string)[];
  /** Tells it from those beside it, also where their order changes. */
  readonly key?: string;
  /** The state that is meant where somebody points at it. */
  readonly choice?: string;
}

export interface PictureRequest {
  readonly marks: PictureMarks;
  /** What stands where ways begin that are taken in every state. */
  readonly anywhere: string;
}

const { titlePx, textPx, linePx, paddingPx } = chartFont;

/** All boxes and ways of a chart, at its natural size. */
export function pictureOf(layout: ChartLayout, { marks, anywhere }: PictureRequest): PicturePart {
  const { graph, lines, starts, anywheres } = layout;
  const boxes = graph.states.flatMap((state) => boxOf(layout, state, marks));
  const lit = lines.filter(({ way }) => way !== null && marks.trail?.has(way) === true);
  return part('g', { class: 'chart' }, [
    part('defs', {}, ['tip', 'tip-taken'].map(tip)),
    ...boxes.map(({ drawn }) => drawn),
    ...starts.map(start),
    ...Object.entries(anywheres).map(([id, frame]) => origin(id, frame, anywhere)),
    // What was taken lies above the rest.
    ...[...lines.filter((line) => !lit.includes(line)), ...lit].map((line) => way(layout, line, marks)),
    // A way may lead through the head of a box to a state within it; what is written there stays readable.
    ...boxes.flatMap(({ head }) => head ?? []),
  ]);
}

function part(
  tag: string,
  attributes: PicturePart['attributes'],
  children: PicturePart['children'] = [],
): PicturePart {
  return { tag, attributes, children };
}

function tip(id: string): PicturePart {
  const form = {
    id,
    class: id,
    viewBox: '0 0 8 8',
    refX: 7,
    refY: 4,
    markerWidth: 8,
    markerHeight: 8,
    markerUnits: 'userSpaceOnUse',
    orient: 'auto',
  };
  return part('marker', form, [part('path', { d: 'M0 0.5 L8 4 L0 7.5 Z' })]);
}

function start({ x, y, width }: Frame): PicturePart {
  const radius = width / 2;
  const disc = part('circle', { class: 'start', cx: x + radius, cy: y + radius, r: radius });
  return { ...disc, key: `start ${x} ${y}` };
}

function origin(id: string, { x, y, width, height }: Frame, anywhere: string): PicturePart {
  const place = { x: x + width / 2, y: y + height / 2 + textPx * 0.35 };
  const drawn = part('g', { class: 'anywhere' }, [
    part('rect', { x, y, width, height, rx: height / 2 }),
    part('text', { ...place, 'font-size': textPx, 'text-anchor': 'middle' }, [anywhere]),
  ]);
  return { ...drawn, key: `anywhere ${id}` };
}

/** A state; what is written into one with states of its own is a part for itself. */
interface DrawnBox {
  readonly drawn: PicturePart;
  readonly head?: PicturePart;
}

function boxOf({ graph, boxes }: ChartLayout, state: ChartState, marks: PictureMarks): readonly DrawnBox[] {
  const frame = boxes[state.id];
  if (frame === undefined) return [];
  const { x, y, width, height } = frame;
  const isLeaf = !graph.states.some(({ parent }) => parent === state.id);
  const inner = { class: 'inner', x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: 6 };
  const shape = [
    part('rect', { x, y, width, height, rx: isLeaf ? 8 : 10 }),
    ...(state.kind === 'final' ? [part('rect', inner)] : []),
  ];
  const written = writtenIn(graph, state, frame, isLeaf, marks.stateText?.(state.id));
  const named = { class: boxClass(state, marks, isLeaf), 'data-state': state.id };
  const key = `box ${state.id}`;
  if (isLeaf) return [{ drawn: { ...part('g', named, [...shape, ...written]), key, choice: state.id } }];
  const head = { ...part('g', { class: 'box head' }, written), key: `head ${state.id}` };
  return [{ drawn: { ...part('g', named, shape), key }, head }];
}

/** Name, figures, and what the state does without leaving it. */
function writtenIn(
  graph: ChartGraph,
  state: ChartState,
  { x, y, width }: Frame,
  isLeaf: boolean,
  figures: string | undefined,
): readonly PicturePart[] {
  const left = x + paddingPx;
  const titleY = y + paddingPx + titlePx - 2;
  const below = titleY + linePx * (isLeaf ? 2 : 1);
  const name = { class: 'name', x: left, y: titleY, 'font-size': titlePx, 'font-weight': 600 };
  const place = isLeaf
    ? { x: left, y: titleY + linePx, 'text-anchor': 'start' }
    : { x: x + width - paddingPx, y: titleY, 'text-anchor': 'end' };
  return [
    part('text', name, [state.id === '' ? graph.machine : state.name]),
    ...figuresAt(place, figures),
    ...remarksOf(graph, state).map((remark, at) =>
      part('text', { class: 'remark', x: left, y: below + at * linePx, 'font-size': textPx }, [remark]),
    ),
  ];
}

function boxClass(state: ChartState, { lit, isBad }: PictureMarks, isLeaf: boolean): string {
  const classes = ['box', isLeaf ? 'leaf' : 'frame', state.kind];
  if (lit?.has(state.id) === true) classes.push('lit');
  if (isBad?.(state.id) === true) classes.push('bad');
  return classes.join(' ');
}

function way({ graph }: ChartLayout, { way: id, points, label }: DrawnWay, marks: PictureMarks): PicturePart {
  const told = graph.ways.find((each) => each.id === id);
  const isTaken = id !== null && marks.trail?.has(id) === true;
  const isBad = id !== null && marks.isBad?.(id) === true;
  const tipId = isTaken ? 'tip-taken' : 'tip';
  const path = pathOf(points);
  const classes = `way${isTaken ? ' taken' : ''}${isBad ? ' bad' : ''}`;
  const drawn = part('g', { class: classes, ...(id === null ? {} : { 'data-way': id }) }, [
    part('path', { class: 'line', d: path, fill: 'none', 'marker-end': `url(#${tipId})` }),
    ...(label === null || told === undefined
      ? []
      : labelAt(label, linesOf(told), id === null ? undefined : marks.wayText?.(id))),
  ]);
  return { ...drawn, key: `way ${id ?? path}` };
}

function labelAt(
  { x, y, width, height }: Frame,
  lines: readonly string[],
  figures: string | undefined,
): readonly PicturePart[] {
  const first = y + textPx + 1;
  return [
    part('rect', { class: 'label', x, y, width, height, rx: 3 }),
    ...lines.map((line, at) =>
      part(
        'text',
        { class: at === 0 ? 'event' : 'detail', x: x + 2, y: first + at * linePx, 'font-size': textPx },
        [line],
      ),
    ),
    ...figuresAt({ x: x + width - 2, y: first, 'text-anchor': 'end' }, figures),
  ];
}

function figuresAt(place: PicturePart['attributes'], figures = ''): readonly PicturePart[] {
  return figures === '' ? [] : [part('text', { class: 'figures', ...place, 'font-size': textPx }, [figures])];
}

const cornerPx = 6;

/** A line with round corners. */
function pathOf(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (first === undefined) return '';
  const parts = [`M${first.x} ${first.y}`];
  for (const [at, point] of others.entries()) {
    const next = others[at + 1];
    if (next === undefined) parts.push(`L${point.x} ${point.y}`);
    else {
      const into = towards(point, points[at] as Point);
      const out = towards(point, next);
      parts.push(`L${into.x} ${into.y}Q${point.x} ${point.y} ${out.x} ${out.y}`);
    }
  }
  return parts.join('');
}

/** A little way from a corner. */
function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const share = Math.min(cornerPx, length / 2) / length;
  return { x: tenths(from.x + (to.x - from.x) * share), y: tenths(from.y + (to.y - from.y) * share) };
}

/** As exact as the layout is: what is written into files stays short. */
function tenths(px: number): number {
  return Math.round(px * 10) / 10;
}
