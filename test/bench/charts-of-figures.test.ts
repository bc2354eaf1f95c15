import { expect, test } from 'vitest';
import { barChart } from '../../bench/report/bars.mjs';
import { flameGraph } from '../../bench/report/flame.mjs';
import { lineChart } from '../../bench/report/lines.mjs';
import { between, markdownTable } from '../../bench/report/markers.mjs';

const bar = (label: string, value: number) => ({ label, value, low: value, high: value, isOurs: false });

test('bars of a panel are as long as their figures, and the figures stand beside them', () => {
  const panels = [{ title: 'rate', bars: [bar('one', 1_000), bar('two', 500)] }];
  const svg = barChart({ title: 'chart', note: '', panels });
  const lengths = [...svg.matchAll(/class="theirs" [^>]*width="([\d.]+)"/g)].map(([, length]) =>
    Number(length),
  );
  expect(lengths[0]).toBeCloseTo(2 * (lengths[1] ?? 0), 0);
  expect(svg).toContain('>1,000</text>');
});

test('a label cannot end its element', () => {
  const svg = barChart({ title: 'a "b" & <c>', note: '', panels: [{ title: '', bars: [bar('<x>', 1)] }] });
  expect(svg).toContain('aria-label="a &quot;b&quot; &amp; &lt;c>"');
  expect(svg).not.toContain('<x>');
});

test('a second without a figure leaves a gap in the line', () => {
  const lines = [[1, Number.NaN, 3, 4]];
  const svg = lineChart({ title: 'chart', seconds: [1, 2, 3, 4], panels: [{ title: 'ms', lines }] });
  expect(svg.match(/<polyline/g)).toHaveLength(2);
});

test('of a long line the peaks are drawn', () => {
  const seconds = Array.from({ length: 1_800 }, (_, at) => at);
  const values = seconds.map((at) => (at === 1_201 ? 50 : 1));
  const svg = lineChart({ title: 'chart', seconds, panels: [{ title: 'ms', lines: [values] }] });
  const points = /points="([^"]+)"/.exec(svg)?.[1]?.split(' ') ?? [];
  expect(points.length).toBe(360);
  const heights = points.map((point) => Number(point.split(',')[1]));
  expect(heights.filter((height) => height === Math.min(...heights))).toHaveLength(1);
  expect(Math.max(...heights) - Math.min(...heights)).toBeGreaterThan(100);
});

test('what stands between two comments is replaced, and the rest stays', () => {
  const text = 'before\n<!-- peers:begin -->\nold\n<!-- peers:end -->\nafter';
  const replaced = between(text, 'peers', '\nnew\n');
  expect(replaced).toBe('before\n<!-- peers:begin -->\nnew\n<!-- peers:end -->\nafter');
  expect(() => between('nothing', 'peers', 'new')).toThrow(RangeError);
});

test('a cell of a table cannot begin another one', () => {
  expect(
    markdownTable([
      ['a', 'b'],
      ['1|2', '3'],
    ]),
  ).toBe('| a | b |\n|---|---|\n| 1\\|2 | 3 |');
});

test('a frame of a flame graph is as wide as its share of the work, with what it called; waiting and loading are none', () => {
  const frame = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
    id,
    callFrame: { functionName, url },
    children,
  });
  const profile = {
    nodes: [
      frame(1, '(root)', '', [2, 3, 5]),
      frame(2, '(idle)', ''),
      frame(3, 'turn', 'file:///x/dist/actors/pool-host.js', [4]),
      frame(4, 'send', 'file:///x/node_modules/xstate/dist/raise-1.cjs.js'),
      frame(5, 'load', 'node:internal/modules/loader'),
    ],
    samples: [2, 3, 4, 5],
    timeDeltas: [500, 100, 300, 700],
  };
  const titles = [...flameGraph(profile, 'work').matchAll(/<title>([^<]*)<\/title><rect class="(\w+)"/g)];
  expect(titles.map(([, title, kind]) => [title, kind])).toEqual([
    ['all: 100.0 %', 'node'],
    ['turn · pool-host: 100.0 %', 'charts'],
    ['send · xstate: 75.0 %', 'xstate'],
  ]);
});
