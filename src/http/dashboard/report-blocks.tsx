import type { ReportBlock } from '../../runtime/report.ts';
import { Diagram } from './report-diagram.tsx';
import { reportWords } from './report-words.ts';
import { ScrollBox } from './scroll-box.tsx';
import { numberOf } from './time-words.ts';

type Block<K extends ReportBlock['kind']> = Extract<ReportBlock, { kind: K }>;

/** A piece of a report. All of it is text. */
export function ReportBlockView({ block, title }: { block: ReportBlock; title: string }) {
  switch (block.kind) {
    case 'text':
      return <p>{block.text}</p>;
    case 'fields':
      return <Fields block={block} />;
    case 'table':
      return <Table block={block} title={title} />;
    case 'diagram':
      return <Diagram block={block} />;
    case 'trend':
      return <Trend block={block} />;
  }
}

function Fields({ block: { rows } }: { block: Block<'fields'> }) {
  return (
    <dl class="report-fields">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Table({ block: { head, rows, numeric }, title }: { block: Block<'table'>; title: string }) {
  const kind = (column: number) => (numeric.includes(column) ? 'number' : undefined);
  return (
    <ScrollBox kind="low" label={`${title}: ${reportWords.value.table}`}>
      <table>
        <thead>
          <tr>
            {head.map((name, column) => (
              <th key={name} scope="col" class={kind(column)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, column) => (
                <td key={column} class={kind(column)}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

const [chartHeight, barGap] = [120, 0.15];

/** Bars over the period, and the same as a table for those who do not see them. */
function Trend({ block: { title, unit, labels, values } }: { block: Block<'trend'> }) {
  const words = reportWords.value;
  const most = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE);
  const step = 100 / values.length;
  const said = (index: number) => `${labels[index]}: ${numberOf(values[index], 2)} ${unit}`;
  return (
    <figure class="report-trend">
      <figcaption>
        {title} ({unit}, 0 – {numberOf(most, 2)})
      </figcaption>
      <svg width="100%" height={chartHeight} role="img" aria-label={title}>
        {values.map((value, index) => {
          const height = ((value ?? 0) / most) * (chartHeight - 4);
          return (
            <rect
              key={labels[index]}
              x={`${(index + barGap / 2) * step}%`}
              width={`${(1 - barGap) * step}%`}
              y={chartHeight - height}
              height={height}
              rx={2}
            >
              <title>{said(index)}</title>
            </rect>
          );
        })}
      </svg>
      <div class="report-axis" aria-hidden="true">
        <span>{labels[0]}</span>
        <span>{labels[Math.floor(labels.length / 2)]}</span>
        <span>{labels.at(-1)}</span>
      </div>
      <details>
        <summary>{words.table}</summary>
        <Table
          title={title}
          block={{
            kind: 'table',
            head: [words.from, `${words.mean} (${unit})`],
            rows: labels.map((label, index) => [label, numberOf(values[index], 2)]),
            numeric: [1],
          }}
        />
      </details>
    </figure>
  );
}
