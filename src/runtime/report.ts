import { KoubouError } from '../machines/errors.ts';
import type { Runtime } from '../runtime.ts';
import { architectureOf, flowchartOf, type ReportDiagram, taskFlowOf } from './report-diagrams.ts';
import { type ReportFacts, reportFacts } from './report-facts.ts';
import { type Formats, formatsOf } from './report-format.ts';
import {
  changesTable,
  configurationTable,
  performanceTable,
  servicesTable,
  workersTable,
} from './report-tables.ts';
import { type ReportWords, reportEnglish } from './report-words-en.ts';
import { reportJapanese } from './report-words-ja.ts';

/** A report as data: what Markdown and the dashboard are both made of. All texts are for people. */
export interface Report {
  readonly title: string;
  readonly about: string;
  readonly sections: readonly ReportSection[];
}

export interface ReportSection {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly ReportBlock[];
}

export type ReportBlock =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'fields'; readonly rows: readonly (readonly [name: string, value: string])[] }
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
      /** Columns of figures. */
      readonly numeric: readonly number[];
    }
  | ({
      readonly kind: 'diagram';
      readonly title: string;
      /** The same in Mermaid. */
      readonly source: string;
    } & ReportDiagram)
  | {
      readonly kind: 'trend';
      readonly title: string;
      readonly unit: string;
      readonly labels: readonly string[];
      readonly values: readonly (number | null)[];
    };

export interface ReportWish {
  readonly language: 'en' | 'ja';
  /** 1 to 720. */
  readonly hours: number;
  /** IANA name, as `Asia/Tokyo`. */
  readonly zone: string;
}

const words: Readonly<Record<ReportWish['language'], ReportWords>> = {
  en: reportEnglish,
  ja: reportJapanese,
};

/** Writes a report from the running system. @throws KoubouError `request.invalid` for a zone that does not exist */
export async function writeReport(runtime: Runtime, { language, hours, zone }: ReportWish): Promise<Report> {
  const formats = formatsIn(language, zone);
  return composeReport(await reportFacts(runtime, hours), words[language], formats, zone);
}

function formatsIn(language: ReportWish['language'], zone: string): Formats {
  try {
    return formatsOf(language, zone);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = 'zone: is no time zone; give one as Asia/Tokyo or UTC';
    throw new KoubouError('request.invalid', message, { cause: error });
  }
}

function composeReport(facts: ReportFacts, w: ReportWords, f: Formats, zone: string): Report {
  const section = (id: keyof ReportWords['sections'], ...blocks: readonly ReportBlock[]): ReportSection => ({
    id,
    title: w.sections[id],
    blocks,
  });
  return {
    title: w.title,
    about: w.about(`${f.time(facts.nowMs)} (${zone})`, facts.hours, facts.version),
    sections: [
      section('overview', overview(facts, w, f)),
      section(
        'architecture',
        diagram(w.diagram.architecture, architectureOf(facts, w)),
        diagram(w.diagram.flow, taskFlowOf(facts, w)),
      ),
      section('services', servicesTable(facts, w)),
      section('workers', workersTable(facts, w, f)),
      section('performance', performanceTable(facts, w, f), ...truncation(facts, w, f)),
      section('configuration', configurationTable(facts, w)),
      section('database', database(facts, w, f)),
      section('metrics', metrics(facts, w, f)),
      section('trend', trend(facts, w, f)),
      section('changes', changesTable(facts, w, f)),
      section('security', security(facts, w, f)),
    ],
  };
}

function diagram(title: string, drawn: ReportDiagram): ReportBlock {
  return { kind: 'diagram', title, ...drawn, source: flowchartOf(drawn) };
}

function overview(
  { pool, readiness, server, nowMs, counts }: ReportFacts,
  w: ReportWords,
  f: Formats,
): ReportBlock {
  const { live, dormant } = readiness.waiting;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return fields([
    [w.fields.state, pool.state],
    [w.fields.ready, readiness.ready ? w.yes : w.no],
    [w.fields.reasons, readiness.reasons.join('; ') || w.none],
    [w.fields.uptime, f.span(server.startedAtMs === null ? null : nowMs - server.startedAtMs)],
    [w.fields.alive, w.ofAll(f.number(readiness.workers.alive), f.number(readiness.workers.total))],
    [w.fields.running, w.ofAll(f.number(pool.leases.used), f.number(pool.leases.max))],
    [w.fields.waiting, f.number(live + dormant)],
    [w.fields.tasks, f.number(all)],
    [w.fields.configVersion, f.number(pool.config_version)],
  ]);
}

function database({ rows, files }: ReportFacts, w: ReportWords, f: Formats): ReportBlock {
  const { tasks, assignments, events, workers, pages, pages_free, journal_mode, check } = rows.database;
  const counts = Object.entries({ task_master: tasks, task_assignments: assignments, events, workers });
  return fields([
    [w.fields.size, f.bytes(files.databaseBytes)],
    [w.fields.wal, f.bytes(files.walBytes)],
    [w.fields.pages, `${f.number(pages)}, ${f.number(pages_free)}`],
    [w.fields.journal, journal_mode],
    [w.fields.check, check ?? w.unchecked],
    [w.fields.rowsOf, counts.map(([table, count]) => `${table} ${f.number(count)}`).join(', ')],
  ]);
}

function metrics({ metrics: m, pool, hours }: ReportFacts, w: ReportWords, f: Formats): ReportBlock {
  return fields([
    [w.fields.completed, f.number(m.tasks.completed)],
    [w.fields.failed, f.number(m.tasks.failed)],
    [w.fields.cancelled, f.number(m.tasks.cancelled)],
    [w.fields.successRate, f.share(m.success_rate)],
    [w.fields.throughput, f.number(m.tasks.completed / hours, 1)],
    [w.fields.mean, f.span(m.durations.mean_ms)],
    [w.fields.p50, f.span(m.durations.p50_ms)],
    [w.fields.p95, f.span(m.durations.p95_ms)],
    [w.fields.prompt, f.number(m.tokens.prompt)],
    [w.fields.output, f.number(m.tokens.output)],
    [w.fields.predicted, f.share(pool.prediction.duration?.median_error ?? null)],
  ]);
}

function trend({ rows, hours }: ReportFacts, w: ReportWords, f: Formats): ReportBlock {
  if (rows.runs_read === 0) return { kind: 'text', text: w.nothing };
  return {
    kind: 'trend',
    title: w.diagram.durations,
    unit: w.diagram.seconds,
    labels: rows.trend.map(({ from }) => f.hour(Date.parse(from), hours > 24)),
    values: rows.trend.map(({ mean_ms }) => (mean_ms === null ? null : mean_ms / 1_000)),
  };
}

function security({ security: s }: ReportFacts, w: ReportWords, f: Formats): ReportBlock {
  const { strangerPerMinute, strangerPerHour, tokenPerMinute, loopbackPerMinute } = s.rateLimit;
  const perMinute = (count: number) => (count === 0 ? w.unlimited : w.perMinute(f.number(count)));
  const strangers =
    strangerPerMinute === 0 && strangerPerHour === 0
      ? w.unlimited
      : w.perMinuteAndHour(limit(strangerPerMinute, w, f), limit(strangerPerHour, w, f));
  return fields([
    [w.fields.host, s.isLoopback ? w.loopbackOnly(s.host) : w.anyone(s.host)],
    [w.fields.master, s.hasMasterToken ? w.yes : w.no],
    [w.fields.workerToken, s.hasWorkerToken ? w.yes : w.no],
    [w.fields.tokens, f.number(s.tokens.all)],
    [
      w.fields.scopes,
      [s.tokens.submit, s.tokens.read, s.tokens.admin].map((count) => f.number(count)).join(' / '),
    ],
    [w.fields.origins, f.number(s.origins)],
    [w.fields.roots, f.number(s.fileRoots)],
    [w.fields.strangers, strangers],
    [w.fields.tokenRate, perMinute(tokenPerMinute)],
    [w.fields.loopback, perMinute(loopbackPerMinute)],
  ]);
}

function limit(count: number, w: ReportWords, f: Formats): string {
  return count === 0 ? w.unlimited : f.number(count);
}

function truncation({ rows }: ReportFacts, w: ReportWords, f: Formats): readonly ReportBlock[] {
  return rows.truncated ? [{ kind: 'text', text: w.truncated(f.number(rows.runs_read)) }] : [];
}

function fields(rows: readonly (readonly [string, string])[]): ReportBlock {
  return { kind: 'fields', rows };
}
