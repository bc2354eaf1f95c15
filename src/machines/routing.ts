import type { WorkerId } from './identifiers.ts';
import type { RoutingPolicy, RoutingRule } from './routing-policy.ts';
import type { Admission, Liveness } from './worker-state.ts';

/** What routing knows of a task. */
export interface Demand {
  readonly priority: number;
  readonly taskType: string;
}

/** What routing knows of a worker. */
export interface WorkerView {
  readonly workerId: WorkerId;
  readonly location: 'local' | 'remote';
  /** Task types it takes; empty for all. */
  readonly capabilities: readonly string[];
  /** Relative speed; 1 is the reference. */
  readonly performanceFactor: number;
  readonly slots: number;
  readonly used: number;
  readonly liveness: Liveness;
  readonly admission: Admission;
}

/** Why a candidate was not taken. */
export type Refusal = 'not preferred' | 'incapable' | 'not alive' | 'resting' | 'full' | 'less suitable';

/** Stored with each assignment: what was decided, by which rule, among whom. */
export interface DispatchReason {
  readonly rule: string;
  readonly candidates: readonly {
    readonly worker_id: string;
    readonly load: number;
    readonly refusal?: Refusal;
  }[];
  readonly choice: string;
}

const unruled: RoutingRule = {
  priorityMin: 1,
  priorityMax: 10,
  preferredWorkers: ['local', 'remote'],
  fallbackToLocal: false,
  loadBalancing: true,
  reason: 'no rule covers this priority: any worker',
};

/** The rule of `workers.yaml` for a priority. Only `priority_based` asks them. */
export function ruleFor(policy: RoutingPolicy, priority: number): RoutingRule {
  if (policy.strategy !== 'priority_based') return { ...unruled, reason: `strategy ${policy.strategy}` };
  return policy.rules.find((rule) => rule.priorityMin <= priority && priority <= rule.priorityMax) ?? unruled;
}

/**
 * Chooses the worker for a task, or none while it must wait.
 *
 * The rule's `preferred_workers` are tried in their order, or all together under `load_balancing`. Local workers stand
 * in under `fallback_to_local` when no preferred worker lives: a busy one is waited for, since a rule that names remote
 * workers means to keep the local ones free. Within a tier active workers come before standby ones, then the least
 * loaded, then the fastest (the other way round under `fastest`), then the first by name, so that equal inputs give
 * equal choices.
 */
export function route(
  demand: Demand,
  workers: Iterable<WorkerView>,
  policy: RoutingPolicy,
): DispatchReason | undefined {
  const rule = ruleFor(policy, demand.priority);
  const views = [...workers];
  for (const tier of tiersOf(rule, demand, views)) {
    const choice = views
      .filter((view) => tier(view) && refusal(view, demand) === undefined)
      .sort(policy.strategy === 'fastest' ? bySpeed : byLoad)[0];
    if (choice !== undefined) return explain(rule, demand, views, choice, tier);
  }
  return undefined;
}

type Tier = (view: WorkerView) => boolean;

function tiersOf(rule: RoutingRule, demand: Demand, views: readonly WorkerView[]): readonly Tier[] {
  const named = rule.preferredWorkers.map(
    (name): Tier =>
      (view) =>
        view.location === name || view.workerId === name,
  );
  const anyNamed: Tier = (view) => named.some((tier) => tier(view));
  const preferredLives = views.some((view) => anyNamed(view) && isAble(view, demand) && isOpen(view));
  if (rule.fallbackToLocal && !preferredLives) return [(view) => view.location === 'local'];
  return rule.loadBalancing ? [anyNamed] : named;
}

function isAble(view: WorkerView, demand: Demand): boolean {
  return view.capabilities.length === 0 || view.capabilities.includes(demand.taskType);
}

function isOpen(view: WorkerView): boolean {
  return view.liveness === 'alive' && view.admission !== 'draining';
}

function refusal(view: WorkerView, demand: Demand): Refusal | undefined {
  if (!isAble(view, demand)) return 'incapable';
  if (view.liveness !== 'alive') return 'not alive';
  if (view.admission === 'draining') return 'resting';
  if (view.used >= view.slots) return 'full';
  return undefined;
}

type Order = (a: WorkerView, b: WorkerView) => number;

const activeFirst: Order = (a, b) => Number(a.admission === 'standby') - Number(b.admission === 'standby');
const leastLoaded: Order = (a, b) => load(a) - load(b);
const fastest: Order = (a, b) => b.performanceFactor - a.performanceFactor;
const byName: Order = (a, b) => (a.workerId < b.workerId ? -1 : 1);

const byLoad: Order = (a, b) => activeFirst(a, b) || leastLoaded(a, b) || fastest(a, b) || byName(a, b);
const bySpeed: Order = (a, b) => activeFirst(a, b) || fastest(a, b) || leastLoaded(a, b) || byName(a, b);

function load(view: WorkerView): number {
  return view.used / view.slots;
}

function explain(
  rule: RoutingRule,
  demand: Demand,
  views: readonly WorkerView[],
  choice: WorkerView,
  tier: Tier,
): DispatchReason {
  return {
    rule: rule.reason,
    choice: choice.workerId,
    candidates: views.map((view) => {
      const candidate = { worker_id: view.workerId, load: load(view) };
      if (view === choice) return candidate;
      const why = tier(view) ? (refusal(view, demand) ?? 'less suitable') : 'not preferred';
      return { ...candidate, refusal: why };
    }),
  };
}
