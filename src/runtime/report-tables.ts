import type { SystemChange } from '../db/report-queries.ts';
import { reportLimits } from '../machines/report-limits.ts';
import type { ReportBlock } from './report.ts';
import type { ReportFacts } from './report-facts.ts';
import type { Formats } from './report-format.ts';
import type { ReportWords } from './report-words-en.ts';

/** The tables of a report. */

export function servicesTable({ server }: ReportFacts, w: ReportWords): ReportBlock {
  const rows = server.services.map(({ door, port, answers }) => [
    w.doors[door],
    port === null ? w.anyPort : String(port),
    answers ? w.answers : w.silent,
  ]);
  return table([w.columns.service, w.columns.port, w.columns.answers], rows, [1]);
}

export function workersTable({ workers }: ReportFacts, w: ReportWords, f: Formats): ReportBlock {
  const c = w.columns;
  const head = [
    c.worker,
    c.status,
    c.admission,
    c.breaker,
    c.slots,
    c.model,
    c.loaded,
    c.done,
    c.failed,
    c.beat,
  ];
  const rows = workers.map((worker) => [
    worker.worker_id,
    worker.status,
    worker.admission,
    worker.breaker ?? '–',
    `${worker.leases}/${worker.max_concurrent_tasks}`,
    worker.model ?? '–',
    worker.loaded.join(', ') || '–',
    f.number(worker.tasks_completed),
    f.number(worker.tasks_failed),
    worker.last_heartbeat === null ? '–' : f.time(Date.parse(worker.last_heartbeat)),
  ]);
  return table(head, rows, [4, 7, 8]);
}

/** The ratio compares means: 2 × took twice as long as the fastest. */
export function performanceTable(
  { workers, rows, metrics }: ReportFacts,
  w: ReportWords,
  f: Formats,
): ReportBlock {
  const c = w.columns;
  const runsOf = new Map(rows.workers.map((row) => [row.worker_id, row]));
  const sharesOf = new Map(metrics.workers.map((row) => [row.worker_id, row]));
  const fastestMs = Math.min(...rows.workers.map(({ mean_ms }) => mean_ms));
  const head = [
    c.worker,
    c.runs,
    c.mean,
    c.p50,
    c.ratio,
    c.tokensPerSecond,
    c.factor,
    c.utilisation,
    c.availability,
  ];
  const lines = workers.map(({ worker_id, performance_factor }) => {
    const run = runsOf.get(worker_id);
    const shares = sharesOf.get(worker_id);
    return [
      worker_id,
      f.number(run?.runs ?? 0),
      f.span(run?.mean_ms ?? null),
      f.span(run?.p50_ms ?? null),
      run === undefined || fastestMs <= 0 ? '–' : w.times(f.number(run.mean_ms / fastestMs, 2)),
      f.number(run?.tokens_per_second ?? null, 1),
      f.number(performance_factor, 2),
      f.share(shares?.utilisation ?? null),
      f.share(shares?.availability ?? null),
    ];
  });
  return table(head, lines, [1, 2, 3, 4, 5, 6, 7, 8]);
}

export function configurationTable({ settings }: ReportFacts, w: ReportWords): ReportBlock {
  const rows = settings.map(({ path, value }) => [path, valueText(value)]);
  return table([w.columns.setting, w.columns.value], rows, []);
}

function valueText(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return '–';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function changesTable({ rows: { changes } }: ReportFacts, w: ReportWords, f: Formats): ReportBlock {
  if (changes.length === 0) return { kind: 'text', text: w.nothing };
  const c = w.columns;
  const rows = changes.map((change) => [
    f.time(Date.parse(change.at)),
    change.type,
    aboutOf(change),
    changeOf(change),
  ]);
  return table([c.time, c.what, c.about, c.change], rows, []);
}

function aboutOf({ data }: SystemChange): string {
  const { worker_id, endpoint, version } = data;
  return String(worker_id ?? endpoint ?? version ?? '–');
}

function changeOf({ from, to, data }: SystemChange): string {
  const { detail, changes } = data;
  const step = from === null && to === null ? [] : [`${from ?? ''} → ${to ?? ''}`];
  const told = Array.isArray(changes) ? changes.map(String) : [];
  return (
    [...step, ...(typeof detail === 'string' && detail !== '' ? [detail] : []), ...told].join('; ') || '–'
  );
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[],
): ReportBlock {
  return { kind: 'table', head, rows: rows.slice(0, reportLimits.rowsMax), numeric };
}
