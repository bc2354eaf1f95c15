import type { ChartLayout } from './chart-drawing.ts';
import type { ChartGraph } from './chart-graph.ts';
import { linesOf } from './chart-labels.ts';
import { type PictureMarks, type PicturePart, pictureOf } from './chart-picture.ts';

/** The colours of the page, of those that a chart uses; a test holds them together. */
export const chartPalettes = {
  light: {
    paper: '#fbfaf7',
    card: '#ffffff',
    ink: '#1d2021',
    quiet: '#5c6164',
    run: '#1f5fa8',
    bad: '#a82020',
    'run-fill': '#d7e6f8',
    'off-fill': '#e7e5e0',
  },
  dark: {
    paper: '#16181a',
    card: '#1f2225',
    ink: '#eceae6',
    quiet: '#a9adb0',
    run: '#8ab8f0',
    bad: '#f29a9a',
    'run-fill': '#1c3047',
    'off-fill': '#2d3033',
  },
} as const;

type Scheme = keyof typeof chartPalettes;
const mono = 'ui-monospace, "SFMono-Regular", "Noto Sans Mono", "Noto Sans Mono CJK JP", monospace';

export interface SvgRequest {
  /** For those who do not see it: what it is a drawing of. */
  readonly title: string;
  /** The text of `chart-paint.css`: who asks knows how to come by a file. */
  readonly paint: string;
  /** Dark or light; left out, it is what whoever looks at it likes. */
  readonly scheme?: Scheme;
  readonly marks?: PictureMarks;
  /** What stands where ways begin that are taken in every state. */
  readonly anywhere?: string;
}

/** A chart as an SVG file that stands by itself. The same layout and marks give the same text. */
export function svgOf(layout: ChartLayout, request: SvgRequest): string {
  const { title, paint, scheme, marks = {}, anywhere = 'in every state' } = request;
  const { graph, width, height } = layout;
  const drawing: PicturePart = {
    tag: 'svg',
    attributes: {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-labelledby': 'title desc',
    },
    children: [
      { tag: 'title', attributes: { id: 'title' }, children: [title] },
      { tag: 'desc', attributes: { id: 'desc' }, children: [descriptionOf(graph)] },
      { tag: 'style', attributes: {}, children: [`\n${coloursOf(scheme)}\n${paint.trim()}\n`] },
      { tag: 'rect', attributes: { fill: 'var(--paper)', width, height, rx: 10 }, children: [] },
      pictureOf(layout, { marks, anywhere }),
    ],
  };
  return `${linesOfPart(drawing, '').join('\n')}\n`;
}

/** The same as the picture, in words: what leads from where to where. */
function descriptionOf({ states, ways }: ChartGraph): string {
  const nameOf = (id: string) => (id === '' ? '*' : id);
  const begins = states.flatMap(({ id, initial }) =>
    initial === null ? [] : [`${nameOf(id)} ● ${initial}`],
  );
  const leads = ways.flatMap((way) =>
    way.to === null
      ? []
      : [`${nameOf(way.from)} → ${way.to}: ${linesOf(way).join(' ').replaceAll(/ +/g, ' ')}`],
  );
  return ['', ...begins, ...leads, ''].join('\n');
}

function coloursOf(scheme: Scheme | undefined): string {
  if (scheme !== undefined) return ruleOf(scheme);
  return `${ruleOf('light')}\n@media (prefers-color-scheme: dark) {\n${ruleOf('dark')}\n}`;
}

function ruleOf(scheme: Scheme): string {
  const colours = Object.entries(chartPalettes[scheme]).map(([name, value]) => `--${name}: ${value};`);
  return `:root { color-scheme: ${scheme}; --mono: ${mono}; ${colours.join(' ')} }`;
}

/** An element of text alone takes one line; what another holds stands below it, so that a change of the chart is a small one of the file. */
function linesOfPart({ tag, attributes, children }: PicturePart, indent: string): readonly string[] {
  const named = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  const head = `${indent}<${tag}${named.join('')}`;
  if (children.length === 0) return [`${head}/>`];
  const text = children.filter((child) => typeof child === 'string');
  if (text.length === children.length) return [`${head}>${text.map(escaped).join('')}</${tag}>`];
  const inner = children.flatMap((child) =>
    typeof child === 'string' ? [`${indent}  ${escaped(child)}`] : linesOfPart(child, `${indent}  `),
  );
  return [`${head}>`, ...inner, `${indent}</${tag}>`];
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
