import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import type { ChartLayout } from '../../src/chart-drawing.ts';
import { graphOf } from '../../src/chart-graph.ts';
import { chartHash } from '../../src/chart-hash.ts';
import { mermaidOf } from '../../src/chart-mermaid.ts';
import { chartDrawings, chartMachines, charts } from '../../src/charts.ts';

const folder = join(process.cwd(), 'docs/charts');
const pages = Object.entries(charts());

/** As the build has laid it out, and the dashboard draws it. */
function layoutFor(machine: string): ChartLayout {
  return JSON.parse(readFileSync(join(process.cwd(), `dist/chart-layouts/${machine}.json`), 'utf8'));
}

const paint = readFileSync(join(process.cwd(), 'src/chart-paint.css'), 'utf8');
const drawings = Object.entries(chartDrawings(layoutFor, paint));

describe('the charts of the docs', () => {
  test.each(pages)('%s is what the machine is now (if not: `npm run charts`)', (file, page) => {
    expect(readFileSync(join(folder, file), 'utf8')).toBe(page);
  });

  test.each(drawings)('%s is drawn as on the page (if not: `npm run charts`)', (file, drawing) => {
    expect(readFileSync(join(folder, file), 'utf8')).toBe(drawing);
  });

  test.each(
    chartMachines().map((machine) => [machine.id, machine] as const),
  )('%s was laid out from what the machine is now (if not: `npm run build`)', (id, machine) => {
    expect(layoutFor(id).hash).toBe(chartHash(machine));
    expect(layoutFor(id).graph).toEqual(graphOf(machine));
  });

  test('are all there, and no others', () => {
    const all = [...pages, ...drawings].map(([file]) => file);
    expect(readdirSync(folder).sort()).toEqual(all.sort());
    expect(pages.map(([file]) => file).sort()).toEqual([
      'endpoint.md',
      'join.md',
      'journal.md',
      'pool.md',
      'task.md',
      'worker.md',
    ]);
  });

  test.each(pages)('%s shows its drawing', (file, page) => {
    const drawing = file.replace('.md', '.svg');
    expect(page).toContain(`](${drawing})`);
    expect(drawings.map(([name]) => name)).toContain(drawing);
  });

  test.each(pages)('%s fits on one screen', (_file, page) => {
    const lines = page.split('\n').map((line) => line.trim());
    const edges = lines.filter((line) => line.includes(' --> '));
    const states = new Set(edges.flatMap((line) => line.split(' : ')[0]?.split(' --> ') ?? []));
    states.delete('[*]');
    expect(states.size).toBeGreaterThanOrEqual(2);
    expect(states.size).toBeLessThanOrEqual(12);
    expect(edges.length).toBeLessThanOrEqual(30);
  });

  test.each(pages)('%s says nothing that Mermaid would take for its own', (_file, page) => {
    const chart = /```mermaid\n([\s\S]*?)\n```/.exec(page)?.[1] ?? '';
    for (const line of chart.split('\n')) {
      expect(line.split(' : ').length).toBeLessThanOrEqual(2);
      expect(line.replace(' : ', '')).not.toMatch(/[:;#]/);
    }
  });
});

test('what a machine does in every state stands beside its chart', () => {
  expect(charts()['pool.md']).toContain('| worker.settled | isCurrent | settle, wantTurn |\n');
  expect(charts()['worker.md']).toContain('| worker.stop | runs | stop |\n');
  expect(charts()['task.md']).not.toContain('In every state');
});

test('a chart shows states, nested ones too, and every kind of edge', () => {
  const machine = createMachine({
    id: 'sample',
    initial: 'idle',
    on: { reset: '.idle', tick: { actions: 'count' } },
    states: {
      idle: { entry: 'rest', on: { go: { target: 'busy', guard: 'mayGo', actions: ['note', 'run'] } } },
      busy: {
        initial: 'near',
        states: { near: { on: { on: 'far' } }, far: { after: { 500: 'near' } } },
        invoke: { src: 'engine', id: 'engine', onDone: 'ended', onError: 'idle' },
        always: { guard: 'isOver', target: 'ended' },
      },
      both: { type: 'parallel', states: { left: {}, right: {} } },
      ended: { type: 'final' },
    },
  });
  expect(
    mermaidOf(graphOf(machine))
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual([
    'stateDiagram-v2',
    '[*] --> idle',
    'state "idle" as idle',
    'idle : entry / rest',
    'state "busy · runs engine" as busy {',
    '[*] --> busy_near',
    'state "near" as busy_near',
    'state "far" as busy_far',
    '}',
    'state "both" as both {',
    'state "left" as both_left',
    'state "right" as both_right',
    '}',
    'state "ended" as ended',
    'ended --> [*]',
    'state "in every state" as anywhere',
    'anywhere --> idle : reset',
    'idle --> busy : go [mayGo] / note, run',
    'busy --> ended : engine is done',
    'busy --> idle : engine crashes',
    'busy --> ended : always [isOver]',
    'busy_near --> busy_far : on',
    'busy_far --> busy_near : after 500',
  ]);
  expect(mermaidOf(graphOf(machine))).toBe(mermaidOf(graphOf(machine)));
});
