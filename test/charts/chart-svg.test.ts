import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ChartLayout, Frame } from '../../src/chart-drawing.ts';
import { linesOf } from '../../src/chart-labels.ts';
import { type PicturePart, pictureOf } from '../../src/chart-picture.ts';
import { chartPalettes, svgOf } from '../../src/chart-svg.ts';
import { chartMachines } from '../../src/charts.ts';

const at = (path: string) => readFileSync(join(process.cwd(), path), 'utf8');
const paint = at('src/chart-paint.css');
const layouts = chartMachines().map(
  ({ id }) => [id, JSON.parse(at(`dist/chart-layouts/${id}.json`)) as ChartLayout] as const,
);
const [, endpoint] = layouts.find(([id]) => id === 'endpoint') ?? [];
const [, task] = layouts.find(([id]) => id === 'task') ?? [];
if (endpoint === undefined || task === undefined) throw new Error('two charts were not laid out');

/** The rectangles of a drawn text, by the beginning of the element before them. */
function framesIn(svg: string, opening: RegExp): readonly Frame[] {
  return [...svg.matchAll(opening)].map(({ groups = {} }) => ({
    x: Number(groups['x']),
    y: Number(groups['y']),
    width: Number(groups['width']),
    height: Number(groups['height']),
  }));
}

const place = /x="(?<x>[\d.]+)" y="(?<y>[\d.]+)" width="(?<width>[\d.]+)" height="(?<height>[\d.]+)"/.source;

function overlap(a: Frame, b: Frame): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function partsIn(part: PicturePart): readonly PicturePart[] {
  return [part, ...part.children.flatMap((child) => (typeof child === 'string' ? [] : partsIn(child)))];
}

describe.each(layouts)('the drawing of %s in a file', (_id, layout) => {
  const svg = svgOf(layout, { title: 'a chart', paint });

  test('has no label on a box, and all of them', () => {
    const labels = framesIn(svg, new RegExp(`<rect class="label" ${place}`, 'g'));
    const boxes = framesIn(svg, new RegExp(`<g class="box leaf[^>]*>\\s*<rect ${place}`, 'g'));
    expect(labels).toHaveLength(layout.lines.filter(({ label }) => label !== null).length);
    expect(boxes).not.toHaveLength(0);
    for (const label of labels) expect(boxes.filter((box) => overlap(label, box))).toEqual([]);
  });

  test('says what is on every way, to those who see it and to those who do not', () => {
    const spoken = /<desc id="desc">([\s\S]*?)<\/desc>/.exec(svg)?.[1] ?? '';
    for (const way of layout.graph.ways.filter(({ to }) => to !== null)) {
      const [event = ''] = linesOf(way);
      expect(svg).toContain(`>${event}</text>`);
      expect(spoken).toContain(`→ ${way.to}: ${event}`);
    }
  });

  test('stands by itself: nothing is fetched, and every colour is in it', () => {
    expect(svg).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg")|<script|@import|url\((?!#)/);
    const used = new Set([...svg.matchAll(/var\(--([a-z-]+)\)/g)].map(([, name]) => name));
    for (const name of used) expect(svg).toContain(`--${name}: `);
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
  });
});

test('a file has the colours of the page, in both themes', () => {
  const sheet = at('src/http/dashboard/style.css');
  const [light = '', dark = ''] = ['\n:root {', '\n:root[data-theme="dark"] {'].map((head) =>
    sheet.slice(sheet.indexOf(head), sheet.indexOf('\n}', sheet.indexOf(head))),
  );
  for (const [name, value] of Object.entries(chartPalettes.light))
    expect(light).toContain(`--${name}: ${value};`);
  for (const [name, value] of Object.entries(chartPalettes.dark))
    expect(dark).toContain(`--${name}: ${value};`);
});

test('a picture that has but one theme is told which', () => {
  const svg = svgOf(task, { title: 'a chart', paint, scheme: 'dark' });
  expect(svg).toContain(`--paper: ${chartPalettes.dark.paper};`);
  expect(svg).not.toContain('prefers-color-scheme');
  expect(svg).not.toContain(chartPalettes.light.paper);
});

test('what is marked on the page is marked in the file', () => {
  const [taken] = task.graph.ways.filter(({ to }) => to !== null);
  const marks = {
    lit: new Set(['queued']),
    trail: new Set([taken?.id ?? '']),
    stateText: (id: string) => (id === 'queued' ? '3 <now>' : ''),
    wayText: () => '5×',
  };
  const svg = svgOf(task, { title: '<a> & "b"', paint, marks, anywhere: 'どの状態でも' });
  expect(svg).toContain('class="box leaf atomic lit" data-state="queued"');
  expect(svg).toContain(`class="way taken" data-way="${taken?.id}"`);
  expect(svg).toContain('>3 &lt;now&gt;</text>');
  expect(svg.match(/>5×<\/text>/g)).toHaveLength(task.graph.ways.filter(({ to }) => to !== null).length);
  expect(svg).toContain('<title id="title">&lt;a&gt; &amp; &quot;b&quot;</title>');
  expect(svg).not.toContain('どの状態でも');
  expect(svgOf(endpoint, { title: 'a chart', paint, anywhere: 'どの状態でも' })).toContain(
    '>どの状態でも</text>',
  );
});

test('what can be chosen are the innermost states, and what was taken lies above the rest', () => {
  const [first] = task.lines;
  const marks = { trail: new Set([first?.way ?? '']) };
  const picture = pictureOf(task, { marks, anywhere: '' });
  const chosen = partsIn(picture).flatMap(({ choice }) => choice ?? []);
  const parents = new Set(task.graph.states.map(({ parent }) => parent));
  expect(chosen).toEqual(task.graph.states.map(({ id }) => id).filter((id) => !parents.has(id)));
  const ways = picture.children.flatMap((child) =>
    typeof child === 'string' ? [] : (child.attributes['data-way'] ?? []),
  );
  expect(ways.at(-1)).toBe(first?.way);
});

test('what is written into a box stays above the ways that lead through it', () => {
  const classes = pictureOf(task, { marks: {}, anywhere: '' }).children.map((child) =>
    typeof child === 'string' ? '' : String(child.attributes['class']),
  );
  expect(classes.indexOf('box head')).toBeGreaterThan(classes.lastIndexOf('way'));
});

test('every part has a key of its own, so that the page moves it instead of drawing it anew', () => {
  for (const [, layout] of layouts) {
    const { children } = pictureOf(layout, { marks: {}, anywhere: '' });
    const keys = children.flatMap((child) => (typeof child === 'string' ? [] : (child.key ?? [])));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(children.length - 1);
  }
});
