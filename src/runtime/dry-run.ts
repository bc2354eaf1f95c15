import { configDifference, summaryOf } from '../config/difference.ts';
import type { ConfigProblem } from '../config/problem.ts';
import type { Config } from '../config/settings.ts';
import type { DecisionRow } from '../db/run-queries.ts';
import { KoubouError } from '../machines/errors.ts';
import type { TaskId } from '../machines/identifiers.ts';
import type { PoolContext } from '../machines/pool-context.ts';
import { routingOf } from '../machines/pool-leases.ts';
import { type RoutingInput, route } from '../machines/routing.ts';
import { trialLimits } from '../machines/trial-limits.ts';
import { WorkerRoster } from '../machines/worker-roster.ts';
import type { WorkerSpec } from '../machines/worker-spec.ts';
import { CurrentConfig } from './current-config.ts';
import { ticketOfRow } from './delegation.ts';
import { numCtxOf } from './job.ts';
import type { OperationPorts } from './operations.ts';
import { specsOf } from './pool-input.ts';

/** What a changed `workers.yaml` would mean; the names are those of the wire. */
export interface DryRun {
  readonly valid: boolean;
  /** Every line that is wrong; then nothing else was looked at. */
  readonly problems: readonly ConfigProblem[];
  /** One line for each setting that would differ. */
  readonly changes: readonly string[];
  /** The last decisions that were made again, on idle workers, under both configurations. */
  readonly considered: number;
  /** How many of them would have gone elsewhere. */
  readonly moved: number;
  /** The last ones of those. */
  readonly moves: readonly Move[];
  /** How many each worker would have had. */
  readonly workers: readonly {
    readonly worker_id: string;
    readonly before: number;
    readonly after: number;
  }[];
}

export interface Move {
  readonly task_id: string;
  readonly assignment_id: number;
  readonly assigned_at: string;
  readonly type: string;
  readonly priority: number;
  /** Who really had it, as busy as everybody was then, and by which rule. */
  readonly had: { readonly worker_id: string; readonly model: string | null; readonly rule: string };
  readonly before: Place;
  readonly after: Place;
}

/** Where a task goes when nobody has anything else to do. */
export interface Place {
  /** `null` when it waits, or fits nowhere. */
  readonly worker_id: string | null;
  readonly model: string | null;
  readonly outcome: 'placed' | 'reserve' | 'waits' | 'unfit';
  readonly rule: string | null;
  /** Of each other worker, why it is not the one. */
  readonly refusals: Readonly<Record<string, string>>;
}

/**
 * Which recent tasks would have gone elsewhere under another `workers.yaml`. Both configurations are asked about idle
 * workers, so that what differs is the configuration's doing and not the load's.
 */
export async function dryRun(ports: OperationPorts, workersText: string): Promise<DryRun> {
  const { engine, config, list, reread, clock } = ports;
  const tried = readTrial(reread, workersText);
  if ('problems' in tried) return { ...nothing, valid: false, problems: tried.problems };
  const decisions = await list({ kind: 'decisions', limit: trialLimits.decisionsMax });
  const before = trialOf(engine.pool, config.now);
  const after = trialOf(engine.pool, tried.config);
  const nowMs = clock.now();
  const counts = new Map<string, { before: number; after: number }>();
  const moves: Move[] = [];
  for (const decision of decisions) {
    const [was, becomes] = [before.place(decision, nowMs), after.place(decision, nowMs)];
    countOf(counts, was.worker_id).before += 1;
    countOf(counts, becomes.worker_id).after += 1;
    if (was.worker_id === becomes.worker_id && was.outcome === becomes.outcome && was.model === becomes.model)
      continue;
    moves.push(moveOf(decision, was, becomes));
  }
  return {
    valid: true,
    problems: [],
    changes: summaryOf(configDifference(config.now, tried.config)),
    considered: decisions.length,
    moved: moves.length,
    moves: moves.slice(0, trialLimits.movesShown),
    workers: [...counts]
      .filter(([worker_id]) => worker_id !== '')
      .map(([worker_id, count]) => ({ worker_id, ...count }))
      .sort((a, b) => (a.worker_id < b.worker_id ? -1 : 1)),
  };
}

const nothing = { changes: [], considered: 0, moved: 0, moves: [], workers: [] } as const;

function readTrial(
  reread: OperationPorts['reread'],
  text: string,
): { readonly config: Config } | { readonly problems: readonly ConfigProblem[] } {
  try {
    return { config: reread(text) };
  } catch (error) {
    if (!(error instanceof KoubouError) || error.code !== 'config.invalid') throw error;
    return { problems: (error.details as { problems: readonly ConfigProblem[] }).problems };
  }
}

/** Idle workers of a configuration. What servers are known to have stays as it is; so do workers that joined. */
function trialOf(pool: PoolContext, config: Config) {
  const roster = new WorkerRoster(config.pool.maxActiveTasks, 1);
  const joined = [...pool.roster.all()].filter(({ spec }) => spec.joined).map(({ spec }) => spec);
  for (const spec of [...specsOf(config), ...joined]) enter(roster, spec);
  roster.limitHosts(config.hosts);
  for (const endpoint of roster.endpoints()) {
    endpoint.see({ models: pool.roster.endpoint(endpoint.name)?.models ?? null, residents: null });
  }
  const current = new CurrentConfig(config);
  const input: RoutingInput = {
    ...routingOf(pool),
    policy: config.routing,
    numCtxOf: numCtxOf(config),
    isFullyStaffed: false,
  };
  return {
    place: (decision: DecisionRow, nowMs: number): Place =>
      placeOf(roster, input, ticketOfRow(waitingRow(decision), current, nowMs)),
  };
}

function enter(roster: WorkerRoster, spec: WorkerSpec): void {
  roster.enter(spec, spec.standby ? 'standby' : 'active').liveness = 'alive';
}

/** The row that the task was when it waited. */
function waitingRow({ options, requestKind, chars, tokens, ...row }: DecisionRow) {
  const size = chars === null ? {} : { size: { chars, tokens } };
  const request = requestKind === null ? {} : { request: { kind: requestKind } };
  return {
    ...row,
    taskId: row.taskId as TaskId,
    leases: 0,
    failures: 0,
    runAtMs: null,
    metadata: JSON.stringify({ options, ...size, ...request }),
  };
}

function placeOf(roster: WorkerRoster, input: RoutingInput, demand: ReturnType<typeof ticketOfRow>): Place {
  const decision = route(demand, roster.all(), input);
  switch (decision.kind) {
    case 'placed': {
      const { rule, model, candidates } = decision.reason;
      const others = candidates.filter(({ refusal }) => refusal !== undefined);
      const refusals = Object.fromEntries(others.map(({ worker_id, refusal = '' }) => [worker_id, refusal]));
      return { worker_id: decision.worker.workerId, model, outcome: 'placed', rule, refusals };
    }
    case 'waits': {
      const worker_id = decision.reserve?.workerId ?? null;
      return { ...nowhere, worker_id, outcome: worker_id === null ? 'waits' : 'reserve' };
    }
    case 'unfit':
      return { ...nowhere, outcome: 'unfit' };
  }
}

const nowhere = { worker_id: null, model: null, rule: null, refusals: {} } as const;

function moveOf(decision: DecisionRow, before: Place, after: Place): Move {
  const { taskId, assignmentId, assignedAt, taskType, priority, workerId, model, reason } = decision;
  return {
    task_id: taskId,
    assignment_id: assignmentId,
    assigned_at: assignedAt,
    type: taskType,
    priority,
    had: { worker_id: workerId, model, rule: reason.rule },
    before,
    after,
  };
}

function countOf(counts: Map<string, { before: number; after: number }>, worker: string | null) {
  const known = counts.get(worker ?? '') ?? { before: 0, after: 0 };
  counts.set(worker ?? '', known);
  return known;
}
