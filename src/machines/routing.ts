import { lookAround, type Outlook, windowFor } from './outlook.ts';
import type {
  Candidate,
  Demand,
  DispatchReason,
  HostView,
  Keeping,
  Warmth,
  WorkerView,
} from './placement.ts';
import type { RoutingPolicy, RoutingRule, RoutingStrategy } from './routing-policy.ts';

const unruled: RoutingRule = {
  priorityMin: 1,
  priorityMax: 10,
  preferredWorkers: ['local', 'remote'],
  fallbackToLocal: false,
  loadBalancing: true,
  reason: 'no rule covers this priority: any worker',
};

/** What stands in for the rules where a strategy does not ask them. */
const unasked: Readonly<Record<Exclude<RoutingStrategy, 'priority_based'>, RoutingRule>> = {
  least_loaded: { ...unruled, reason: 'strategy least_loaded' },
  fastest: { ...unruled, reason: 'strategy fastest' },
};

/** The rule of `workers.yaml` for a priority. Only `priority_based` asks them. */
export function ruleFor({ strategy, rules }: RoutingPolicy, priority: number): RoutingRule {
  if (strategy !== 'priority_based') return unasked[strategy];
  return rules.find((rule) => rule.priorityMin <= priority && priority <= rule.priorityMax) ?? unruled;
}

/** What decides besides the task and the workers. */
export interface RoutingInput {
  readonly policy: RoutingPolicy;
  /** Counts the configurations of this process, so that a decision names its own. */
  readonly configVersion: number;
  /** The context that the model file gives a model, in tokens. */
  readonly numCtxOf: (model: string) => number | null;
  /** How long a task is expected to take there, in ms; `null` while nothing is known. */
  readonly expectedMs: (worker: WorkerView, demand: Demand, model: string) => number | null;
  /** As many workers are active as may be: one on standby is not to be had. */
  readonly isFullyStaffed?: boolean;
}

/** What is to become of a task that waits. */
export type Decision<V extends WorkerView = WorkerView> =
  | { readonly kind: 'placed'; readonly worker: V; readonly warmth: Warmth; readonly reason: DispatchReason }
  /** `reserve`: a worker on standby that would take it; `crowded`: a machine that would, had its memory room. */
  | { readonly kind: 'waits'; readonly reserve: V | undefined; readonly crowded: HostView | undefined }
  /** No worker that the rule may ever name has a context that it fits into. */
  | { readonly kind: 'unfit'; readonly neededTokens: number; readonly windows: readonly Window[] };

export interface Window {
  readonly worker: string;
  readonly model: string;
  readonly tokens: number;
}

/**
 * Chooses the worker for a task, or none while it must wait.
 *
 * The rule's `preferred_workers` are tried in their order, or all together under `load_balancing`. Local workers stand
 * in under `fallback_to_local` when no preferred worker can be had: a busy one is waited for, since a rule that names
 * remote workers means to keep the local ones free. Among those with room, workers in reserve come last, then those that
 * would give up another model for this one, then the least loaded first, then the one whose model is loaded, then the
 * fastest, then the first by name, so that equal inputs give equal choices. Under `least_loaded` the load comes before
 * the models, under `fastest` the expected duration before both.
 */
export function route<V extends WorkerView>(
  demand: Demand,
  workers: Iterable<V>,
  input: RoutingInput,
  keeping?: Keeping,
): Decision<V> {
  const rule = ruleFor(input.policy, demand.priority);
  const all = lookAround(rule, demand, workers, input, keeping);
  const isBetter = orders[input.policy.strategy];
  let best: Outlook<V> | undefined;
  let reserve: Outlook<V> | undefined;
  let crowded: Outlook<V> | undefined;
  for (const one of all) {
    if (one.tier < 0) continue;
    if (one.refusal === undefined) {
      if (best === undefined || isBetter(one, best)) best = one;
    } else if (one.refusal === 'standby') {
      if (reserve === undefined || isBetter(one, reserve)) reserve = one;
    } else if (one.refusal === 'host memory') {
      if (crowded === undefined || isBetter(one, crowded)) crowded = one;
    }
  }
  if (best !== undefined) {
    const reason = explain(rule, all, best, input);
    return { kind: 'placed', worker: best.view, warmth: best.warmth, reason };
  }
  const waits = { kind: 'waits', reserve: reserve?.view, crowded: crowded?.view.host } as const;
  return unfit(all, demand) ?? waits;
}

type Order = (a: Outlook<WorkerView>, b: Outlook<WorkerView>) => boolean;

const coldness: Readonly<Record<Warmth, number>> = { loaded: 0, fits: 1, swap: 2 };

/** What all strategies agree on: the preferred first, those in reserve last. */
function rank(a: Outlook<WorkerView>, b: Outlook<WorkerView>): number {
  return a.tier - b.tier || Number(a.view.standby) - Number(b.view.standby);
}

/** One is better, and it never depends on which was seen first. */
function settle(a: Outlook<WorkerView>, b: Outlook<WorkerView>): number {
  return (
    coldness[a.warmth] - coldness[b.warmth] ||
    b.view.performanceFactor - a.view.performanceFactor ||
    (a.view.workerId < b.view.workerId ? -1 : 1)
  );
}

const orders: Readonly<Record<RoutingStrategy, Order>> = {
  priority_based: (a, b) =>
    (rank(a, b) ||
      Number(a.warmth === 'swap') - Number(b.warmth === 'swap') ||
      a.load - b.load ||
      settle(a, b)) < 0,
  least_loaded: (a, b) => (rank(a, b) || a.load - b.load || settle(a, b)) < 0,
  fastest: (a, b) => (rank(a, b) || slowness(a) - slowness(b) || a.load - b.load || settle(a, b)) < 0,
};

/** Either all have an expected duration or none has: while nothing was measured, what was configured stands for it. */
function slowness({ expectedMs, view }: Outlook<WorkerView>): number {
  return expectedMs ?? 1_000 / view.performanceFactor;
}

function unfit<V extends WorkerView>(all: readonly Outlook<V>[], demand: Demand): Decision<V> | undefined {
  const named = all.filter(({ isNamed, refusal }) => isNamed && refusal !== 'incapable');
  if (named.length === 0 || named.some(({ refusal }) => refusal !== 'too small')) return undefined;
  return {
    kind: 'unfit',
    neededTokens: (demand.promptTokens ?? 0) + demand.answerTokens,
    windows: named.map(({ view, means }) => ({
      worker: view.workerId,
      model: means.model,
      tokens: windowFor(demand, view, means) ?? 0,
    })),
  };
}

function explain<V extends WorkerView>(
  rule: RoutingRule,
  all: readonly Outlook<V>[],
  choice: Outlook<V>,
  { configVersion }: RoutingInput,
): DispatchReason {
  const candidates: Candidate[] = [];
  for (const one of all) candidates.push(candidate(one, one === choice));
  return {
    rule: rule.reason,
    choice: choice.view.workerId,
    model: choice.means.model,
    config_version: configVersion,
    candidates,
  };
}

type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

/** Written field by field: of all that a choice costs, copies of these would be the most. */
function candidate(
  { view, tier, isPreferred, refusal, load, warmth, expectedMs }: Outlook<WorkerView>,
  isChoice: boolean,
): Candidate {
  const drawn: Draft<Candidate> = { worker_id: view.workerId, load };
  if (refusal === undefined) drawn.warmth = warmth;
  if (expectedMs !== null) drawn.expected_ms = Math.round(expectedMs);
  if (isChoice) return drawn;
  // Where others stand in for the preferred ones, these have reasons of their own.
  const isAsked = tier >= 0 || isPreferred;
  drawn.refusal = isAsked ? (refusal ?? 'less suitable') : 'not preferred';
  return drawn;
}

/**
 * The workers that may take a task, now or as soon as they are less busy: all of a list before any of the next, by the
 * rule's preference, those in reserve after the others of their place, and those that rest until the load asks for them
 * last. Empty while none can be had.
 */
export function tiersOf<V extends WorkerView>(
  demand: Demand,
  workers: Iterable<V>,
  input: RoutingInput,
): readonly (readonly V[])[] {
  const tiers = new Map<number, V[]>();
  for (const one of lookAround(ruleFor(input.policy, demand.priority), demand, workers, input, undefined)) {
    if (one.tier < 0 || !comesAround(one)) continue;
    const { view, tier } = one;
    const rank = (view.admission === 'standby' ? preferencesMax : 0) + 2 * tier + Number(view.standby);
    const mates = tiers.get(rank);
    if (mates === undefined) tiers.set(rank, [view]);
    else mates.push(view);
  }
  return [...tiers].sort(([a], [b]) => a - b).map(([, views]) => views);
}

/** Beyond twice the places of any rule: it names each worker at most once. */
const preferencesMax = 1_000_000;

/** Whether what keeps it from taking the task at this moment passes with the work that is under way. */
function comesAround({ refusal, view }: Outlook<WorkerView>): boolean {
  switch (refusal) {
    case undefined:
    case 'standby':
    case 'full':
    case 'host full':
    case 'host memory':
    case 'host kept':
    case 'less suitable':
      return true;
    case 'endpoint is failing':
      return view.endpoint.breaker === 'trying';
    case 'not preferred':
    case 'incapable':
    case 'too small':
    case 'lacks the model':
    case 'not alive':
    case 'draining':
    case 'quarantined':
      return false;
  }
}
