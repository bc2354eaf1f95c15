import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import type { ChartLayout, Frame, Point } from '../../src/chart-drawing.ts';
import { graphOf } from '../../src/chart-graph.ts';
import { headSize, labelSize, linesOf, remarksOf, textWidthPx } from '../../src/chart-labels.ts';
import { layoutOf } from '../../src/chart-layout.ts';
import { chartMachines } from '../../src/charts.ts';

const layouts = await Promise.all(
  chartMachines().map(async (machine) => [machine.id, await layoutOf(machine)] as const),
);

function frameOf({ boxes }: ChartLayout, id: string): Frame {
  const frame = boxes[id];
  if (frame === undefined) throw new Error(`${id} has no box`);
  return frame;
}

function overlap(a: Frame, b: Frame): boolean {
  return a.x + a.width > b.x && b.x + b.width > a.x && a.y + a.height > b.y && b.y + b.height > a.y;
}

function isInside(inner: Frame, outer: Frame): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

/** What must stand free: boxes without boxes in them, the upper parts of the others, marks, and labels of ways. */
function solids(layout: ChartLayout): readonly (readonly [string, Frame])[] {
  const { graph, starts, anywheres, lines } = layout;
  const parents = new Set(graph.states.map(({ parent }) => parent));
  return [
    ...graph.states.map((state) => {
      const frame = frameOf(layout, state.id);
      const head = { ...frame, height: headSize(graph, state).height };
      return [`box ${state.id}`, parents.has(state.id) ? head : frame] as const;
    }),
    ...starts.map((frame, at) => [`start ${at}`, frame] as const),
    ...Object.entries(anywheres).map(([id, frame]) => [`anywhere in ${id}`, frame] as const),
    ...lines.flatMap(({ way, label }) => (label === null ? [] : [[`label ${way}`, label] as const])),
  ];
}

function collisions(layout: ChartLayout): readonly string[] {
  const all = solids(layout);
  return all.flatMap(([name, frame], at) =>
    all.slice(at + 1).flatMap(([other, its]) => (overlap(frame, its) ? [`${name} on ${other}`] : [])),
  );
}

/** Labels that stand on the border of a box: neither within it nor outside. */
function straddling(layout: ChartLayout): readonly string[] {
  return layout.lines.flatMap(({ way, label }) =>
    layout.graph.states.flatMap(({ id }) => {
      const box = frameOf(layout, id);
      if (label === null || !overlap(label, box) || isInside(label, box)) return [];
      return [`label ${way} on the border of ${id}`];
    }),
  );
}

/** Lines that run through a label, or through a box without boxes in it. */
function struck(layout: ChartLayout): readonly string[] {
  const parents = new Set(layout.graph.states.map(({ parent }) => parent));
  const hit = solids(layout).filter(([name]) => !parents.has(name.replace('box ', '')));
  return layout.lines.flatMap(({ way, points }) =>
    points.slice(1).flatMap((to, at) => {
      const run = runOf(points[at] as Point, to);
      return hit.flatMap(([name, frame]) => (overlap(run, frame) ? [`line of ${way} through ${name}`] : []));
    }),
  );
}

/** A straight piece of a line, a hair shorter than it is: it touches the box where it ends. */
function runOf(from: Point, to: Point): Frame {
  const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
  const [width, height] = [Math.abs(from.x - to.x), Math.abs(from.y - to.y)];
  return {
    x: x + 0.5,
    y: y + 0.5,
    width: Math.max(width - 1, 0.01),
    height: Math.max(height - 1, 0.01),
  };
}

describe.each(layouts)('the drawing of the machine %s', (id, layout) => {
  const { graph, lines, width, height } = layout;

  test('has nothing on anything else', () => {
    expect(collisions(layout)).toEqual([]);
    expect(straddling(layout)).toEqual([]);
    expect(struck(layout)).toEqual([]);
  });

  test('has each state within the one that it is in, and all within its own size', () => {
    for (const { id: state, parent } of graph.states) {
      const around = parent === null ? { x: 0, y: 0, width, height } : frameOf(layout, parent);
      expect(isInside(frameOf(layout, state), around)).toBe(true);
    }
    for (const [, frame] of solids(layout)) expect(isInside(frame, { x: 0, y: 0, width, height })).toBe(true);
  });

  test('has room for all that is written', () => {
    for (const state of graph.states) {
      const head = headSize(graph, state);
      const box = frameOf(layout, state.id);
      expect(box.width).toBeGreaterThanOrEqual(head.width);
      expect(box.height).toBeGreaterThanOrEqual(head.height);
      for (const line of remarksOf(graph, state)) expect(textWidthPx(line, 11)).toBeLessThan(box.width);
    }
    for (const { way, label } of lines) {
      const drawn = graph.ways.find((each) => each.id === way);
      if (drawn === undefined || label === null) continue;
      expect({ width: label.width, height: label.height }).toEqual(labelSize(drawn));
      for (const line of linesOf(drawn)) expect(textWidthPx(line, 11)).toBeLessThanOrEqual(label.width);
    }
  });

  test('draws every way that leads somewhere, from where it begins to where it leads', () => {
    const drawn = lines.flatMap(({ way }) => (way === null ? [] : [way]));
    const leading = graph.ways.filter(({ to }) => to !== null);
    expect(drawn.toSorted()).toEqual(leading.map((way) => way.id).toSorted());
    for (const { way, points } of lines) {
      const to = leading.find((each) => each.id === way)?.to;
      const end = points.at(-1) as Point;
      if (to === undefined || to === null) continue;
      const grown = frameOf(layout, to);
      const around = { x: grown.x - 1, y: grown.y - 1, width: grown.width + 2, height: grown.height + 2 };
      expect(isInside({ ...end, width: 0, height: 0 }, around)).toBe(true);
    }
  });

  test('begins above, and is the same each time', async () => {
    const machine = chartMachines().find((each) => each.id === id);
    if (machine === undefined) throw new Error('no such machine');
    expect(await layoutOf(machine)).toEqual(layout);
    const first = graph.states.find((state) => state.id === '')?.initial ?? null;
    if (first === null) return;
    const tops = graph.states.filter(({ parent }) => parent === '').map((each) => frameOf(layout, each.id).y);
    expect(frameOf(layout, first).y).toBe(Math.min(...tops));
  });
});

test('East Asian characters are given the room that they take', () => {
  expect(textWidthPx('職人', 10)).toBe(20);
  expect(textWidthPx('ab', 10)).toBe(13);
});

test('names in Japanese stand free as well', async () => {
  const machine = createMachine({
    id: '見本',
    initial: '待機中の仕事',
    states: {
      待機中の仕事: {
        on: {
          割り当て: { target: '実行中', guard: '空きのある職人がいる', actions: ['記録する', '知らせる'] },
        },
      },
      実行中: {
        initial: '準備',
        states: { 準備: { on: { 開始: '生成' } }, 生成: {} },
        on: { 失敗: '待機中の仕事', 完了: '終わり' },
      },
      終わり: { type: 'final' },
    },
  });
  const layout = await layoutOf(machine);
  expect(collisions(layout)).toEqual([]);
  expect(graphOf(machine).ways).toHaveLength(4);
});
