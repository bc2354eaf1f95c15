import type { Report, ReportBlock } from './report.ts';
import { trendChart } from './report-diagrams.ts';

/** A report as Markdown (GitHub's tables, Mermaid). What stands in it as text can start nothing. */
export function markdownOf(report: Report): string {
  const sections = report.sections.map(({ title, blocks }) =>
    [`## ${plain(title)}`, ...blocks.map(blockOf)].join('\n\n'),
  );
  return `${[`# ${plain(report.title)}`, plain(report.about), ...sections].join('\n\n')}\n`;
}

function blockOf(block: ReportBlock): string {
  switch (block.kind) {
    case 'text':
      return plain(block.text);
    case 'fields':
      return block.rows.map(([name, value]) => `- **${plain(name)}**: ${plain(value)}`).join('\n');
    case 'table':
      return tableOf(block);
    case 'diagram':
      return `### ${plain(block.title)}\n\n${fenced(block.source)}`;
    case 'trend':
      return fenced(trendChart(block.title, block.unit, block.labels, block.values));
  }
}

function tableOf({ head, rows, numeric }: Extract<ReportBlock, { kind: 'table' }>): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  const rule = head.map((_, index) => (numeric.includes(index) ? '---:' : '---'));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

function fenced(source: string): string {
  return `\`\`\`mermaid\n${source}\n\`\`\``;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Text that stays text, on one line. An underscore within a word is none of Markdown's. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*[\]|~#!]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\$&')
    .replace(/[&<>]/g, (sign) => entities[sign] ?? sign)
    .trim();
}
