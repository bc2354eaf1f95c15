import type { AnyStateMachine } from 'xstate';
import type { ChartLayout } from './chart-drawing.ts';
import { type ChartGraph, graphOf } from './chart-graph.ts';
import { keptWays, mermaidOf } from './chart-mermaid.ts';
import { svgOf } from './chart-svg.ts';
import { endpointMachine } from './machines/endpoint-machine.ts';
import { joinMachine } from './machines/join-machine.ts';
import { journalMachine } from './machines/journal-machine.ts';
import { poolMachine } from './machines/pool-machine.ts';
import { taskMachine } from './machines/task-machine.ts';
import { workerMachine } from './machines/worker-machine.ts';

/**
 * The charts of the machines for the docs: drawn like those of the dashboard, and as Mermaid text, from the definitions that
 * run. `npm run charts` writes them to `docs/charts`, and a test fails when one is out of date.
 */

/** The machines that the charts are of. */
export function chartMachines(): readonly AnyStateMachine[] {
  return pages.map(({ machine }) => machine);
}

/** The text of each page of `docs/charts`, by its file name. */
export function charts(): Record<string, string> {
  return Object.fromEntries(pages.map((page) => [`${page.machine.id}.md`, pageOf(page)]));
}

/**
 * The drawings of `docs/charts`, by file name.
 *
 * @param layoutFor where the parts of a chart stand, by the id of its machine
 * @param paint the text of `chart-paint.css`
 */
export function chartDrawings(
  layoutFor: (machine: string) => ChartLayout,
  paint: string,
): Record<string, string> {
  return Object.fromEntries(
    pages.map(({ machine, title, japanese }) => [
      `${machine.id}.svg`,
      svgOf(layoutFor(machine.id), { title: `${title} / ${japanese}`, paint }),
    ]),
  );
}

function pageOf({ machine, title, japanese, sentence }: (typeof pages)[number]): string {
  const graph = graphOf(machine);
  const source = `src/machines/${machine.id}-machine.ts`;
  const parts = [
    `# ${title} / ${japanese}`,
    sentence,
    `![State chart of ${machine.id}](${machine.id}.svg)`,
    ...everywhere(graph),
    `<details><summary>The same as Mermaid text, to be searched and compared</summary>`,
    `\`\`\`mermaid\n${mermaidOf(graph)}\n\`\`\``,
    '</details>',
    `Drawn from [${source}](../../${source}) by \`npm run charts\`.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** What the machine does in every state without leaving it, as a table. */
function everywhere(graph: ChartGraph): readonly string[] {
  const rows = keptWays(graph).map(
    ({ label, guard, actions }) => `| ${label} | ${guard ?? ''} | ${actions.join(', ')} |`,
  );
  if (rows.length === 0) return [];
  return [
    ['In every state, without leaving it:', '', '| on | if | does |', '|---|---|---|', ...rows].join('\n'),
  ];
}

const pages = [
  {
    machine: poolMachine,
    title: 'The pool',
    japanese: 'プール',
    sentence: 'Admits tasks, hands them to workers, supervises both, and drains before it stops.',
  },
  {
    machine: workerMachine,
    title: 'A worker',
    japanese: 'ワーカー',
    sentence:
      'Lives by its heartbeats, and runs tasks in its slots meanwhile: the one does not wait for the other.',
  },
  {
    machine: taskMachine,
    title: 'A task',
    japanese: 'タスク',
    sentence:
      'Waits, is leased to a worker, and either ends or waits again; a cancel is whole in every state.',
  },
  {
    machine: journalMachine,
    title: 'The journal',
    japanese: 'ジャーナル',
    sentence: 'Writes what happened; while the disk fails it keeps that, tells nobody, and tries again.',
  },
  {
    machine: endpointMachine,
    title: 'An endpoint and its circuit breaker',
    japanese: 'エンドポイントと遮断器',
    sentence:
      'Leaves a server alone that fails again and again or asks for it, and lets one task find out whether it works again.',
  },
  {
    machine: joinMachine,
    title: 'The connection of a worker that joins',
    japanese: '参加するワーカーの接続',
    sentence:
      'Dials the pool, greets it, works, and comes back after each cut; only a refusal for good ends it.',
  },
] as const;
