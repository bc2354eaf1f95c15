import type { DiagramEdge, DiagramNode, ReportDiagram } from '../../runtime/report-diagrams.ts';

/** A box where it is drawn; in px of the drawing. */
export interface PlacedNode {
  readonly node: DiagramNode;
  /** Cut where it would be too wide. */
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedEdge {
  readonly edge: DiagramEdge;
  /** Corners, both ends included. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Where the middle of its label stands. */
  readonly label: readonly [x: number, y: number];
}

export interface DiagramLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

/** Of the text in a box, in px; `report.css` says the same. */
export const diagramFontPx = 13;
const boxHeightPx = 34;
const rowGapPx = 14;
const columnGapPx = 64;
const paddingPx = 12;
const edgePx = 8;
/** Of a text; what does not fit into a box is in its name. */
const textWidthMaxPx = 250;
/** Between the boxes and a way past them, and between two such ways. */
const lanePx = 18;

/**
 * Columns side by side, as the report says. Ways to the next column cross the gap between the two; the others go back above
 * all boxes, or past those in between below them.
 */
export function layoutOf({ nodes, edges }: ReportDiagram): DiagramLayout {
  const columns = columnsOf(nodes);
  const over = edges.filter((edge) => stepOf(edge, nodes) < 1).length;
  const under = edges.filter((edge) => stepOf(edge, nodes) > 1).length;
  const top = edgePx + over * lanePx + (over === 0 ? 0 : lanePx);
  const inner = Math.max(...columns.map(({ length }) => length * (boxHeightPx + rowGapPx) - rowGapPx), 0);
  const labelled = Math.max(0, ...edges.map(({ label }) => textWidth(label)));
  const gapPx = Math.max(columnGapPx, labelled + 24);
  const placed: PlacedNode[] = [];
  // A way past the boxes leaves a column and comes to one from the outside, the first and the last as well.
  const sidePx = over + under === 0 ? edgePx : edgePx + gapPx / 4;
  let x = sidePx;
  for (const column of columns) {
    const texts = column.map(({ label }) => cut(label));
    const width = Math.max(...texts.map(textWidth)) + 2 * paddingPx;
    const height = column.length * (boxHeightPx + rowGapPx) - rowGapPx;
    column.forEach((node, row) => {
      const y = top + (inner - height) / 2 + row * (boxHeightPx + rowGapPx);
      placed.push({ node, text: texts[row] ?? '', x, y, width, height: boxHeightPx });
    });
    x += width + gapPx;
  }
  const height = top + inner + edgePx + (under === 0 ? 0 : (under + 1) * lanePx);
  return {
    width: Math.max(0, x - gapPx + sidePx),
    height,
    nodes: placed,
    edges: waysOf(edges, placed, { top, bottom: top + inner, gapPx }),
  };
}

function columnsOf(nodes: readonly DiagramNode[]): readonly (readonly DiagramNode[])[] {
  const numbers = [...new Set(nodes.map(({ column }) => column))].sort((a, b) => a - b);
  return numbers.map((number) => nodes.filter(({ column }) => column === number));
}

/** By how many columns a way goes on. */
function stepOf({ from, to }: DiagramEdge, nodes: readonly DiagramNode[]): number {
  const columnOf = (id: string) => nodes.find((node) => node.id === id)?.column ?? 0;
  return columnOf(to) - columnOf(from);
}

interface Bounds {
  readonly top: number;
  readonly bottom: number;
  readonly gapPx: number;
}

function waysOf(
  edges: readonly DiagramEdge[],
  placed: readonly PlacedNode[],
  { top, bottom, gapPx }: Bounds,
): readonly PlacedEdge[] {
  const nodes = placed.map(({ node }) => node);
  let [over, under] = [0, 0];
  return edges.flatMap((edge): readonly PlacedEdge[] => {
    const from = placed.find(({ node }) => node.id === edge.from);
    const to = placed.find(({ node }) => node.id === edge.to);
    if (from === undefined || to === undefined) return [];
    const [startY, endY] = [from.y + from.height / 2, to.y + to.height / 2];
    const step = stepOf(edge, nodes);
    if (step === 1) {
      const [startX, endX] = [from.x + from.width, to.x];
      const label = [(startX + endX) / 2, (startY + endY) / 2] as const;
      return [
        {
          edge,
          points: [
            [startX, startY],
            [endX, endY],
          ],
          label,
        },
      ];
    }
    if (step < 1) over += 1;
    else under += 1;
    const laneY = step < 1 ? top - over * lanePx : bottom + under * lanePx;
    const [startX, outX] = [from.x + from.width, from.x + from.width + gapPx / 4];
    const [inX, endX] = [to.x - gapPx / 4, to.x];
    const points = [
      [startX, startY],
      [outX, startY],
      [outX, laneY],
      [inX, laneY],
      [inX, endY],
      [endX, endY],
    ] as const;
    return [{ edge, points, label: [(outX + inX) / 2, laneY] }];
  });
}

/** About as wide as it will be drawn: letters of East Asia are as wide as high. */
function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += widthOf(letter);
  return width;
}

function widthOf(letter: string): number {
  return (letter.codePointAt(0) ?? 0) >= 0x1100 ? diagramFontPx : diagramFontPx * 0.6;
}

function cut(text: string): string {
  if (textWidth(text) <= textWidthMaxPx) return text;
  let kept = '';
  let width = diagramFontPx;
  for (const letter of text) {
    width += widthOf(letter);
    if (width > textWidthMaxPx) break;
    kept += letter;
  }
  return `${kept}…`;
}
