import { reportLimits } from '../machines/report-limits.ts';
import type { ReportFacts } from './report-facts.ts';
import type { ReportWords } from './report-words-en.ts';

/** Mermaid of what runs now. All that comes from outside stands between quotes, and only as letters. */

/** The doors, the pool, its workers and the servers behind them. */
export function architectureOf({ server, workers }: ReportFacts, words: ReportWords): string {
  const lines = [
    'flowchart LR',
    `  clients([${quoted(words.diagram.clients)}])`,
    `  pool[[${quoted(words.diagram.pool)}]]`,
  ];
  for (const { door, port } of server.services) {
    lines.push(`  ${door}[${quoted(`${words.doors[door]} ${port ?? ''}`.trim())}]`);
    lines.push(`  clients --> ${door} --> pool`);
  }
  const drawn = workers.slice(0, reportLimits.drawnWorkersMax);
  const endpoints = [...new Set(drawn.map(({ endpoint_url }) => endpoint_url ?? ''))];
  drawn.forEach((worker, index) => {
    const load = `${worker.leases}/${worker.max_concurrent_tasks}`;
    lines.push(`  pool --> worker${index}[${quoted(`${worker.worker_id} ${load}`)}]`);
    lines.push(`  worker${index} --> endpoint${endpoints.indexOf(worker.endpoint_url ?? '')}`);
  });
  endpoints.forEach((endpoint, index) => {
    lines.push(`  endpoint${index}[(${quoted(endpoint === '' ? '?' : endpoint)})]`);
  });
  lines.push(`  pool --> database[(${quoted('SQLite')})]`);
  return lines.join('\n');
}

/** The way of a task, with how many stand at each place now. */
export function taskFlowOf({ counts }: ReportFacts, words: ReportWords): string {
  const at = (status: keyof typeof counts) => quoted(`${words.statuses[status]}: ${counts[status]}`);
  return [
    'flowchart LR',
    `  delegated([${quoted(words.diagram.delegated)}]) --> pending[${at('pending')}]`,
    `  pending -->|${quoted(words.diagram.assigned)}| running[${at('in_progress')}]`,
    `  running -->|${quoted(words.diagram.retried)}| pending`,
    `  running --> completed[${at('completed')}]`,
    `  running --> failed[${at('failed')}]`,
    `  pending --> cancelled[${at('cancelled')}]`,
    '  running --> cancelled',
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
