import { and, desc, lt, type SQL, sql } from 'drizzle-orm';
import type { TaskStatus } from '../machines/task-status.ts';
import {
  type ActorFacts,
  type ActorFactsQuery,
  actorFacts,
  type FactsAround,
  type FactsAroundQuery,
  factsAround,
} from './actor-facts.ts';
import type { Db } from './client.ts';
import { countTasks, type KnownCounts, type TaskCounts, totalOf } from './count-queries.ts';
import { type DeadLetterQuery, type DeadLetters, deadLetters } from './dead-letters.ts';
import {
  lastDurations,
  type MetricsQuery,
  type MetricsSummary,
  metricsSummary,
  type RunRow,
} from './metrics-queries.ts';
import { isReady, promptHeads, type Queue, type QueueQuery, queue, typesWaiting } from './queue-queries.ts';
import { type ReportQuery, type ReportRows, reportRows } from './report-queries.ts';
import { type DecisionRow, type LeaseRuns, lastDecisions, leaseRuns, type RunsQuery } from './run-queries.ts';
import { taskMaster } from './schema.ts';
import { isoTime } from './sql-time.ts';
import { type SuccessRates, type SuccessRatesQuery, successRates } from './success-rates.ts';
import { conditionOf, newestFirst, type TaskFilter } from './task-filter.ts';
import { type Living, type LivingQuery, livingTasks, type SearchQuery, searchTasks } from './task-search.ts';
import type { TaskCursor } from './task-walk.ts';
import { type WaitingTier, waitingTiers } from './tier-queries.ts';

/** The lists that may be long. They run on connections of their own, in threads of their own. */
export type ListQuery =
  | ({
      readonly kind: 'page';
      readonly status: TaskStatus | null;
      readonly limit: number;
      readonly offset: number;
      /** Rows older than this `seq`. */
      readonly before: number | null;
    } & KnownCounts)
  | { readonly kind: 'pending' | 'active' | 'completed'; readonly limit: number }
  | {
      readonly kind: 'matching';
      readonly filter: TaskFilter;
      readonly limit: number;
      readonly offset: number;
    }
  | ({ readonly kind: 'search' } & SearchQuery)
  | ({ readonly kind: 'living' } & LivingQuery)
  | { readonly kind: 'tiers' }
  | { readonly kind: 'counts' }
  | ({ readonly kind: 'dead' } & DeadLetterQuery)
  | ({ readonly kind: 'queue' } & QueueQuery)
  | { readonly kind: 'promptHeads'; readonly taskIds: readonly string[] }
  | ({ readonly kind: 'metrics' } & MetricsQuery)
  | { readonly kind: 'durations'; readonly limit: number }
  | ({ readonly kind: 'successRates' } & SuccessRatesQuery)
  | ({ readonly kind: 'runs' } & RunsQuery)
  | { readonly kind: 'decisions'; readonly limit: number }
  | ({ readonly kind: 'report' } & ReportQuery)
  | ({ readonly kind: 'actorFacts' } & ActorFactsQuery)
  | ({ readonly kind: 'factsAround' } & FactsAroundQuery);

interface Answers extends Record<ListQuery['kind'], unknown> {
  readonly page: TaskPage;
  readonly pending: readonly TaskListRow[];
  readonly active: readonly TaskListRow[];
  readonly completed: readonly TaskListRow[];
  readonly matching: readonly TaskListRow[];
  readonly search: FoundTasks;
  readonly living: Living;
  readonly tiers: readonly WaitingTier[];
  readonly counts: TaskCounts;
  readonly dead: DeadLetters;
  readonly queue: Queue;
  readonly promptHeads: Readonly<Record<string, string>>;
  readonly metrics: MetricsSummary;
  readonly durations: readonly RunRow[];
  readonly successRates: SuccessRates;
  readonly runs: LeaseRuns;
  readonly decisions: readonly DecisionRow[];
  readonly report: ReportRows;
  readonly actorFacts: ActorFacts;
  readonly factsAround: FactsAround;
}

/** What a list answers, by its kind. */
export type AnswerOf<Q extends ListQuery> = Answers[Q['kind']];

/** A row of a list: prompts and outputs are cut. */
export interface TaskListRow {
  readonly task_id: string;
  readonly status: TaskStatus;
  readonly type: string;
  readonly priority: number;
  /** The first 100 characters of the prompt. */
  readonly summary: string;
  /** The first 2,000 characters of the prompt, under both of its names. */
  readonly content: string;
  readonly prompt: string;
  readonly result: {
    readonly success: boolean;
    readonly output: string;
    readonly error: string | null;
  } | null;
  readonly worker_id: string | null;
  readonly assigned_to: string | null;
  readonly created_by: string | null;
  readonly attempts: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface TaskPage {
  readonly tasks: readonly TaskListRow[];
  readonly total: number;
  /** For the next page; `null` on the last one. */
  readonly next_cursor: string | null;
}

/** What was found of a search; `next` is the place behind it, `null` when nothing is left. */
export interface FoundTasks {
  readonly tasks: readonly TaskListRow[];
  readonly next: TaskCursor | null;
  readonly isPartial: boolean;
}

const previewChars = 2_000;
const columns = {
  seq: taskMaster.seq,
  taskId: taskMaster.taskId,
  status: taskMaster.status,
  taskType: taskMaster.taskType,
  priority: taskMaster.priority,
  prompt: sql<string>`substr(${taskMaster.prompt}, 1, ${previewChars})`,
  success: sql<number | null>`json_extract(${taskMaster.result}, '$.success')`,
  output: sql<string | null>`substr(json_extract(${taskMaster.result}, '$.output'), 1, ${previewChars})`,
  error: sql<string | null>`json_extract(${taskMaster.result}, '$.error')`,
  workerId: taskMaster.workerId,
  createdBy: sql<string | null>`json_extract(${taskMaster.metadata}, '$.created_by')`,
  leases: taskMaster.leases,
  createdAt: taskMaster.createdAt,
  updatedAt: taskMaster.updatedAt,
};

type Row = {
  readonly [K in keyof typeof columns]: (typeof columns)[K] extends SQL<infer T>
    ? T
    : (typeof columns)[K] extends { readonly _: { readonly data: infer D; readonly notNull: infer N } }
      ? N extends true
        ? D
        : D | null
      : never;
};

/** Runs a list on a read-only connection. */
export function runListQuery(db: Db, query: ListQuery): AnswerOf<ListQuery> {
  switch (query.kind) {
    case 'page':
      return page(db, query);
    case 'matching':
      return rows(db, conditionOf(query.filter), newestFirst, query.limit, query.offset);
    case 'search':
      return search(db, query);
    case 'living':
      return livingTasks(db, query);
    case 'tiers':
      return waitingTiers(db);
    case 'counts':
      return countTasks(db);
    case 'dead':
      return deadLetters(db, query);
    case 'queue':
      return queue(db, query);
    case 'promptHeads':
      return promptHeads(db, query.taskIds);
    case 'metrics':
      return metricsSummary(db, query);
    case 'durations':
      return lastDurations(db, query.limit);
    case 'successRates':
      return successRates(db, query);
    case 'runs':
      return leaseRuns(db, query);
    case 'decisions':
      return lastDecisions(db, query.limit);
    case 'report':
      return reportRows(db, query);
    case 'actorFacts':
      return actorFacts(db, query);
    case 'factsAround':
      return factsAround(db, query);
    case 'pending':
      return waiting(db, query.limit);
    case 'active': {
      const isRunning = sql`${taskMaster.status} = 'in_progress'`;
      const running = rows(db, isRunning, [sql`${taskMaster.seq}`], query.limit);
      return [...running, ...waiting(db, query.limit - running.length)];
    }
    case 'completed':
      return rows(
        db,
        // `likely`, so that SQLite reads the newest by their index and does not sort all that ever completed.
        sql`likely(${taskMaster.status} = 'completed') AND ${taskMaster.endedAt} IS NOT NULL`,
        [desc(taskMaster.endedAt)],
        query.limit,
      );
  }
}

/** In the order in which they are handed out; read tier by tier, so that a million behind them cost nothing. */
function waiting(db: Db, limit: number): readonly TaskListRow[] {
  const found: TaskListRow[] = [];
  for (let priority = 10; priority >= 1 && found.length < limit; priority -= 1) {
    found.push(...oldestOf(db, priority, limit - found.length).map(listRow));
  }
  const later = sql`likely(${taskMaster.status} = 'pending') AND ${taskMaster.runAtMs} IS NOT NULL`;
  if (found.length < limit)
    found.push(...rows(db, later, [sql`${taskMaster.runAtMs}`], limit - found.length));
  return found;
}

function oldestOf(db: Db, priority: number, limit: number): readonly Row[] {
  const oldest = typesWaiting(db, priority).flatMap((type) => {
    const ofTier = sql`${isReady} AND ${taskMaster.priority} = ${priority} AND ${taskMaster.taskType} = ${type}`;
    return rowsOf(db, ofTier, [sql`${taskMaster.seq}`], limit);
  });
  return oldest.sort((a, b) => a.seq - b.seq).slice(0, limit);
}

function rows(
  db: Db,
  where: SQL | undefined,
  order: SQL[],
  limit: number,
  offset = 0,
): readonly TaskListRow[] {
  return rowsOf(db, where, order, limit, offset).map(listRow);
}

function rowsOf(db: Db, where: SQL | undefined, order: SQL[], limit: number, offset = 0): Row[] {
  const query = db
    .select(columns)
    .from(taskMaster)
    .where(where)
    .orderBy(...order);
  return query.limit(limit).offset(offset).all();
}

function search(db: Db, query: SearchQuery): FoundTasks {
  const { rows: found, ...rest } = searchTasks(db, query, ({ where, order }, limit) =>
    rowsOf(db, where, [order], limit),
  );
  return { tasks: found.map(listRow), ...rest };
}

function page(db: Db, query: Extract<ListQuery, { kind: 'page' }>): TaskPage {
  const { status, limit, offset, before, counts = countTasks(db) } = query;
  const ofStatus = status === null ? undefined : sql`${taskMaster.status} = ${status}`;
  const older = before === null ? undefined : lt(taskMaster.seq, before);
  const found = db
    .select(columns)
    .from(taskMaster)
    .where(and(ofStatus, older))
    .orderBy(desc(taskMaster.seq))
    .limit(limit + 1)
    .offset(offset)
    .all();
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return {
    tasks: shown.map(listRow),
    total: status === null ? totalOf(counts) : counts[status],
    next_cursor: found.length > limit && last !== undefined ? String(last.seq) : null,
  };
}

function listRow(row: Row): TaskListRow {
  const { success, output, error } = row;
  return {
    task_id: row.taskId,
    status: row.status,
    type: row.taskType,
    priority: row.priority,
    summary: row.prompt.slice(0, 100),
    content: row.prompt,
    prompt: row.prompt,
    result: success === null ? null : { success: success === 1, output: output ?? '', error },
    worker_id: row.workerId,
    assigned_to: row.workerId,
    created_by: row.createdBy,
    attempts: row.leases,
    created_at: isoTime(row.createdAt),
    updated_at: isoTime(row.updatedAt),
  };
}
