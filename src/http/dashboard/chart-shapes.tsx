import type { ChartLayout, DrawnWay, Point } from '../../chart-drawing.ts';
import type { ChartState } from '../../chart-graph.ts';
import { chartFont, linesOf, remarksOf } from '../../chart-labels.ts';
import { chartWords } from './chart-words.ts';

/** What a drawing shows beside the chart itself: of all actors, or of one. */
export interface ChartMarks {
  /** States that are active, those that they are in included. */
  readonly lit?: ReadonlySet<string>;
  /** Ways that were just taken. */
  readonly trail?: ReadonlySet<string>;
  /** Short figures of a state, and of a way; empty for none. */
  readonly stateText?: (id: string) => string;
  readonly wayText?: (id: string) => string;
  /** Where something fails. */
  readonly isBad?: (id: string) => boolean;
  readonly onState?: (id: string) => void;
}

const { titlePx, textPx, linePx, paddingPx } = chartFont;

/** All boxes and ways of a chart, at its natural size. */
export function ChartShapes({ layout, marks }: { layout: ChartLayout; marks: ChartMarks }) {
  const { graph, boxes, lines, starts, anywheres } = layout;
  const lit = lines.filter(({ way }) => way !== null && marks.trail?.has(way) === true);
  return (
    <g class="chart">
      <defs>
        {['tip', 'tip-taken'].map((id) => (
          <marker
            key={id}
            id={id}
            class={id}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0.5 L8 4 L0 7.5 Z" />
          </marker>
        ))}
      </defs>
      {graph.states.map((state) => (
        <Box key={state.id} layout={layout} state={state} marks={marks} />
      ))}
      {starts.map(({ x, y, width }) => (
        <circle key={`${x} ${y}`} class="start" cx={x + width / 2} cy={y + width / 2} r={width / 2} />
      ))}
      {Object.entries(anywheres).map(([id, { x, y, width, height }]) => (
        <g key={id} class="anywhere">
          <rect x={x} y={y} width={width} height={height} rx={height / 2} />
          <text x={x + width / 2} y={y + height / 2 + textPx * 0.35} font-size={textPx} text-anchor="middle">
            {chartWords.value.anywhere}
          </text>
        </g>
      ))}
      {/* What was taken lies above the rest. */}
      {[...lines.filter((line) => !lit.includes(line)), ...lit].map((line) => (
        <Way key={line.way ?? pathOf(line.points)} layout={layout} line={line} marks={marks} />
      ))}
      {Object.keys(boxes).length === 0 && <text>{graph.machine}</text>}
    </g>
  );
}

interface BoxProps {
  readonly layout: ChartLayout;
  readonly state: ChartState;
  readonly marks: ChartMarks;
}

function Box({ layout: { graph, boxes }, state, marks }: BoxProps) {
  const frame = boxes[state.id];
  if (frame === undefined) return null;
  const { x, y, width, height } = frame;
  const isLeaf = !graph.states.some(({ parent }) => parent === state.id);
  const figures = marks.stateText?.(state.id) ?? '';
  const remarks = remarksOf(graph, state);
  const titleY = y + paddingPx + titlePx - 2;
  const below = titleY + linePx * (isLeaf ? 2 : 1);
  return (
    <g class={boxClass(state, marks, isLeaf)} data-state={state.id} {...choosing(state, marks, isLeaf)}>
      <rect x={x} y={y} width={width} height={height} rx={isLeaf ? 8 : 10} />
      {state.kind === 'final' && (
        <rect class="inner" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx={6} />
      )}
      <text class="name" x={x + paddingPx} y={titleY} font-size={titlePx} font-weight="600">
        {state.id === '' ? graph.machine : state.name}
      </text>
      {figures !== '' && (
        <text
          class="figures"
          x={isLeaf ? x + paddingPx : x + width - paddingPx}
          y={isLeaf ? titleY + linePx : titleY}
          font-size={textPx}
          text-anchor={isLeaf ? 'start' : 'end'}
        >
          {figures}
        </text>
      )}
      {remarks.map((remark, at) => (
        <text
          key={`${at} ${remark}`}
          class="remark"
          x={x + paddingPx}
          y={below + at * linePx}
          font-size={textPx}
        >
          {remark}
        </text>
      ))}
    </g>
  );
}

function boxClass(state: ChartState, { lit, isBad }: ChartMarks, isLeaf: boolean): string {
  const classes = ['box', isLeaf ? 'leaf' : 'frame', state.kind];
  if (lit?.has(state.id) === true) classes.push('lit');
  if (isBad?.(state.id) === true) classes.push('bad');
  return classes.join(' ');
}

/** A state that can be chosen is a button, by pointer and by key; all that is written in it is its name. */
function choosing({ id }: ChartState, { onState }: ChartMarks, isLeaf: boolean) {
  if (onState === undefined || !isLeaf) return {};
  return {
    role: 'button',
    // In a drawing names of attributes are taken as they are written.
    tabindex: 0,
    onClick: () => onState(id),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      event.stopPropagation();
      onState(id);
    },
  } as const;
}

interface WayProps {
  readonly layout: ChartLayout;
  readonly line: DrawnWay;
  readonly marks: ChartMarks;
}

function Way({ layout, line, marks }: WayProps) {
  const { way: id, points, label } = line;
  const way = layout.graph.ways.find((each) => each.id === id);
  const isTaken = id !== null && marks.trail?.has(id) === true;
  const isBad = id !== null && marks.isBad?.(id) === true;
  const figures = id === null ? '' : (marks.wayText?.(id) ?? '');
  return (
    <g class={`way${isTaken ? ' taken' : ''}${isBad ? ' bad' : ''}`} data-way={id ?? undefined}>
      <path
        class="line"
        d={pathOf(points)}
        fill="none"
        marker-end={`url(#${isTaken ? 'tip-taken' : 'tip'})`}
      />
      {label !== null && way !== undefined && (
        <>
          <rect class="label" x={label.x} y={label.y} width={label.width} height={label.height} rx={3} />
          {linesOf(way).map((text, at) => (
            <text
              key={`${at} ${text}`}
              class={at === 0 ? 'event' : 'detail'}
              x={label.x + 2}
              y={label.y + textPx + 1 + at * linePx}
              font-size={textPx}
            >
              {text}
            </text>
          ))}
          {figures !== '' && (
            <text
              class="figures"
              x={label.x + label.width - 2}
              y={label.y + textPx + 1}
              font-size={textPx}
              text-anchor="end"
            >
              {figures}
            </text>
          )}
        </>
      )}
    </g>
  );
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
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
