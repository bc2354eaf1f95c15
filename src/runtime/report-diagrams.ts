import { reportLimits } from '../machines/report-limits.ts';
import type { ReportFacts } from './report-facts.ts';
import type { ReportWords } from './report-words-en.ts';

/** What runs now, as boxes and the ways between them: for the page, and in Mermaid. */
export interface ReportDiagram {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}

export interface DiagramNode {
  readonly id: string;
  readonly label: string;
  readonly shape: 'box' | 'round' | 'double' | 'store';
  /** How far from the beginning it stands, 0 for the first. */
  readonly column: number;
}

export interface DiagramEdge {
  readonly from: string;
  readonly to: string;
  /** Empty for none. */
  readonly label: string;
}

/** The doors, the pool, its workers and the servers behind them. */
export function architectureOf({ server, workers }: ReportFacts, words: ReportWords): ReportDiagram {
  const drawn = workers.slice(0, reportLimits.drawnWorkersMax);
  const endpoints = [...new Set(drawn.map(({ endpoint_url }) => endpoint_url ?? ''))];
  const doors = server.services.map(({ door, port }) =>
    node(door, `${words.doors[door]} ${port ?? ''}`.trim(), 'box', 1),
  );
  return {
    nodes: [
      node('clients', words.diagram.clients, 'round', 0),
      ...doors,
      node('pool', words.diagram.pool, 'double', 2),
      ...drawn.map(({ worker_id, leases, max_concurrent_tasks: slots }, index) =>
        node(`worker${index}`, `${worker_id} ${leases}/${slots}`, 'box', 3),
      ),
      node('database', 'SQLite', 'store', 3),
      ...endpoints.map((endpoint, index) =>
        node(`endpoint${index}`, endpoint === '' ? '?' : endpoint, 'store', 4),
      ),
    ],
    edges: [
      ...doors.flatMap(({ id }) => [edge('clients', id), edge(id, 'pool')]),
      ...drawn.map((_, index) => edge('pool', `worker${index}`)),
      edge('pool', 'database'),
      ...drawn.map(({ endpoint_url }, index) =>
        edge(`worker${index}`, `endpoint${endpoints.indexOf(endpoint_url ?? '')}`),
      ),
    ],
  };
}

/** The way of a task, with how many stand at each place now. */
export function taskFlowOf({ counts }: ReportFacts, words: ReportWords): ReportDiagram {
  const at = (id: string, status: keyof typeof counts, column: number) =>
    node(id, `${words.statuses[status]}: ${counts[status]}`, 'box', column);
  return {
    nodes: [
      node('delegated', words.diagram.delegated, 'round', 0),
      at('pending', 'pending', 1),
      at('running', 'in_progress', 2),
      at('completed', 'completed', 3),
      at('failed', 'failed', 3),
      at('cancelled', 'cancelled', 3),
    ],
    edges: [
      edge('delegated', 'pending'),
      edge('pending', 'running', words.diagram.assigned),
      edge('running', 'pending', words.diagram.retried),
      edge('running', 'completed'),
      edge('running', 'failed'),
      edge('pending', 'cancelled'),
      edge('running', 'cancelled'),
    ],
  };
}

function node(id: string, label: string, shape: DiagramNode['shape'], column: number): DiagramNode {
  return { id, label, shape, column };
}

function edge(from: string, to: string, label = ''): DiagramEdge {
  return { from, to, label };
}

const brackets: Readonly<Record<DiagramNode['shape'], readonly [string, string]>> = {
  box: ['[', ']'],
  round: ['([', '])'],
  double: ['[[', ']]'],
  store: ['[(', ')]'],
};

/** The same in Mermaid. All that comes from outside stands between quotes, and only as letters. */
export function flowchartOf({ nodes, edges }: ReportDiagram): string {
  return [
    'flowchart LR',
    ...nodes.map(({ id, label, shape }) => `  ${id}${brackets[shape].join(quoted(label))}`),
    ...edges.map(({ from, to, label }) =>
      label === '' ? `  ${from} --> ${to}` : `  ${from} -->|${quoted(label)}| ${to}`,
    ),
  ].join('\n');
}

/** Bars of a chart, for Mermaid's `xychart-beta`. Nothing stands as 0. */
export function trendChart(
  title: string,
  unit: string,
  labels: readonly string[],
  values: readonly (number | null)[],
): string {
  return [
    'xychart-beta',
    `  title ${quoted(title)}`,
    `  x-axis [${labels.map(quoted).join(', ')}]`,
    `  y-axis ${quoted(unit)}`,
    `  bar [${values.map((value) => Number((value ?? 0).toFixed(3))).join(', ')}]`,
  ].join('\n');
}

/** Between quotes Mermaid reads entity codes, and takes what is no letter for markup. */
function quoted(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N} .,:/_()%·・-]/gu, (sign) => `#${sign.codePointAt(0)};`);
  return `"${plain}"`;
}
