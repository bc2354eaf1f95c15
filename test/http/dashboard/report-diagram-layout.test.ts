import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutOf, type PlacedNode } from '../../../src/http/dashboard/report-diagram-layout.ts';
import type { DiagramNode, ReportDiagram } from '../../../src/runtime/report-diagrams.ts';

const node = (id: string, column: number, label = id): DiagramNode => ({ id, label, shape: 'box', column });

const diagrams = fc
  .array(fc.tuple(fc.nat(4), fc.string({ maxLength: 60 })), { minLength: 2, maxLength: 12 })
  .chain((drawn) => {
    const nodes = drawn.map(([column, label], index) => node(`n${index}`, column, label));
    const place = fc.nat(nodes.length - 1).map((index) => `n${index}`);
    const edge = fc
      .record({ from: place, to: place, label: fc.constantFrom('', 'again', '割り当て') })
      .filter(({ from, to }) => from !== to);
    return fc.array(edge, { maxLength: 8 }).map((edges): ReportDiagram => ({ nodes, edges }));
  });

/** What is wrong with a drawing, for people. */
function faultsOf(diagram: ReportDiagram): readonly string[] {
  const { width, height, nodes, edges } = layoutOf(diagram);
  const faults: string[] = [];
  const isWithin = (x: number, y: number) => x >= 0 && y >= 0 && x <= width && y <= height;
  for (const [index, one] of nodes.entries()) {
    const isInside = isWithin(one.x, one.y) && isWithin(one.x + one.width, one.y + one.height);
    if (!isInside) faults.push(`${one.node.id} leaves the drawing`);
    for (const other of nodes.slice(index + 1)) {
      const isBeside = one.x + one.width <= other.x || other.x + other.width <= one.x;
      const isApart = isBeside || one.y + one.height <= other.y || other.y + other.height <= one.y;
      if (!isApart) faults.push(`${one.node.id} lies over ${other.node.id}`);
    }
  }
  for (const { edge, points } of edges) {
    if (!points.every(([x, y]) => isWithin(x, y))) faults.push(`${edge.from} ${edge.to} leaves the drawing`);
    points.slice(1).forEach((to, index) => {
      const from = points[index] ?? to;
      const crossed = nodes.find((box) => crosses(from, to, box));
      if (crossed !== undefined) faults.push(`${edge.from} ${edge.to} goes through ${crossed.node.id}`);
    });
  }
  return faults;
}

type At = readonly [x: number, y: number];

/** Whether a line has a point within a box; its edge is not within. */
function crosses([fromX, fromY]: At, [toX, toY]: At, { x, y, width, height }: PlacedNode): boolean {
  return Array.from({ length: 51 }, (_, step) => step / 50).some((share) => {
    const [atX, atY] = [fromX + share * (toX - fromX), fromY + share * (toY - fromY)];
    // What is computed twice may differ by a hair.
    return atX > x + 0.01 && atX < x + width - 0.01 && atY > y && atY < y + height;
  });
}

test('no box lies over another, no way goes through one, and all of it is within the drawing', () => {
  fc.assert(
    fc.property(diagrams, (diagram) => {
      expect(faultsOf(diagram)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('a label that would be too wide is cut, and is as wide as its letters are', () => {
  const [long, east, west] = layoutOf({
    nodes: [node('a', 0, 'x'.repeat(200)), node('b', 1, '職人職人'), node('c', 2, 'work')],
    edges: [],
  }).nodes;
  expect(long?.text).toMatch(/^x{20,40}…$/);
  expect(long?.width).toBeLessThan(300);
  expect(east?.width).toBeGreaterThan(west?.width ?? 0);
});
