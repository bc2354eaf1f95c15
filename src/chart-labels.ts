import type { ChartGraph, ChartState, ChartWay } from './chart-graph.ts';

/**
 * What stands in the boxes and on the ways of a drawn chart, line by line, and how much room it takes. The layout reserves
 * that room and the page fills it, so both ask here. All text is set in a font of one width.
 */

/** Heights and sizes in px of the drawing at its natural size. */
export const chartFont = { titlePx: 13, textPx: 11, linePx: 15, paddingPx: 9 } as const;

/** Of fonts of one width, the widest are 0.61 of their size; East Asian characters are as wide as the font is high. */
const narrowEm = 0.61;
const lineCharsMax = 30;
/** Room for the figures of a way, beside its event: `1,234.5/s`. */
const rateChars = 10;
/** Room for those of a state: `12,345 · ⌀ 12.3 s`. */
const figureChars = 17;

const wide = /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60]/;

/** How wide a text is at most, in px. */
export function textWidthPx(text: string, fontPx: number): number {
  let em = 0;
  for (const character of text) em += wide.test(character) ? 1 : narrowEm;
  return Math.ceil(em * fontPx);
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a state does without leaving it. The machine itself does too much to be written into its box. */
export function remarksOf({ ways }: ChartGraph, { id, entry, exit, runs }: ChartState): readonly string[] {
  if (id === '') return [];
  return [
    ...(entry.length === 0 ? [] : wrapped(`entry / ${entry.join(', ')}`)),
    ...(exit.length === 0 ? [] : wrapped(`exit / ${exit.join(', ')}`)),
    ...runs.flatMap((src) => wrapped(`runs ${src}`)),
    ...ways
      .filter(({ from, to }) => from === id && to === null)
      .flatMap((way) => wrapped(linesOf(way).join(' '))),
  ];
}

/** The text on a way: its event, `[guard]`, and `/ actions`. */
export function linesOf({ label, guard, guardParams, actions }: ChartWay): readonly string[] {
  return [
    label,
    ...(guard === null ? [] : wrapped(`[${[guard, guardParams].filter(Boolean).join(' ')}]`)),
    ...(actions.length === 0 ? [] : wrapped(`/ ${actions.join(', ')}`)),
  ];
}

/** The label of a way, with room for how often it is taken. */
export function labelSize(way: ChartWay): Size {
  const lines = linesOf(way);
  const [first = '', ...others] = lines.map((line) => textWidthPx(line, chartFont.textPx));
  const rateWidth = textWidthPx('0'.repeat(rateChars), chartFont.textPx);
  return {
    width: Math.max(Number(first) + rateWidth, ...others.map(Number)) + 4,
    height: lines.length * chartFont.linePx + 2,
  };
}

/** The upper part of a box: name, figures, and what it does without leaving it. */
export function headSize(graph: ChartGraph, state: ChartState): Size {
  const remarks = remarksOf(graph, state);
  const { titlePx, textPx, linePx, paddingPx } = chartFont;
  const figures = textWidthPx('0'.repeat(figureChars), textPx);
  const isLeaf = !graph.states.some(({ parent }) => parent === state.id);
  // Within a box the figures stand below the name where it has nothing else in it, and beside it otherwise.
  const title = textWidthPx(state.name, titlePx) + (isLeaf ? 0 : figures);
  const widths = remarks.map((line) => textWidthPx(line, textPx));
  return {
    width: Math.max(title, figures, ...widths) + 2 * paddingPx,
    height: (1 + (isLeaf ? 1 : 0) + remarks.length) * linePx + 2 * paddingPx,
  };
}

/** Breaks between words; a word alone may be longer. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > lineCharsMax) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
