import { useSignal } from '@preact/signals';
import type { Report } from '../../runtime/report.ts';
import { ask } from './doors.ts';
import { language } from './language.ts';
import { Show, useLoaded } from './loading.tsx';
import { ReportBlockView } from './report-blocks.tsx';
import { downloadReport, reportPath } from './report-download.ts';
import { reportWords } from './report-words.ts';
import { shellWords } from './shell-words.ts';
import './report.css';

const periods = [1, 24, 168, 720] as const;

/** The report of the workshop, as `koubou report` writes it. */
export function ReportPage() {
  const words = reportWords.value;
  const hours = useSignal<number>(24);
  const fault = useSignal<string | null>(null);
  const report = useLoaded((signal) =>
    ask<Report>(reportPath(language.value, hours.value, 'json'), { signal }),
  );
  const download = () => {
    fault.value = null;
    downloadReport(language.value, hours.value).catch((error: unknown) => {
      fault.value = error instanceof Error ? error.message : String(error);
    });
  };
  return (
    <>
      <h1>{shellWords.value.report}</h1>
      <div class="bar">
        <select
          aria-label={words.period}
          value={String(hours.value)}
          onChange={({ currentTarget }) => {
            hours.value = Number(currentTarget.value);
          }}
        >
          {periods.map((period) => (
            <option key={period} value={String(period)}>
              {words.hours(period)}
            </option>
          ))}
        </select>
        <button type="button" onClick={() => report.value.again()}>
          {words.again}
        </button>
        <button type="button" class="primary" onClick={download}>
          {words.download}
        </button>
      </div>
      {fault.value !== null && (
        <p class="fault" role="alert">
          {shellWords.value.failed(fault.value)}
        </p>
      )}
      <Show of={report.value}>{(found) => <Sections report={found} />}</Show>
    </>
  );
}

function Sections({ report }: { report: Report }) {
  return (
    <article class="report">
      <p class="muted">{report.about}</p>
      {report.sections.map(({ id, title, blocks }) => (
        <section key={id} class="card" aria-labelledby={`report-${id}`}>
          <h2 id={`report-${id}`}>{title}</h2>
          {blocks.map((block, index) => (
            <ReportBlockView key={index} block={block} title={title} />
          ))}
        </section>
      ))}
    </article>
  );
}
