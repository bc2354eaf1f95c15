import { modelKey, modelOf } from './model-choice.ts';
import type { Demand, Keeping, Refusal, Warmth, WorkerView } from './placement.ts';
import type { RoutingInput } from './routing.ts';
import type { RoutingRule } from './routing-policy.ts';
import { fitsWindow, windowOf } from './token-estimate.ts';

/** How the workers look to one task: who may take it, who cannot, and why. */

/** A model by which a task may be done. */
interface Means {
  readonly model: string;
  readonly key: string;
  /** The context that the model file gives it; `null` for none. */
  readonly numCtx: number | null;
}

/** A worker as one task sees it. */
export interface Outlook<V extends WorkerView> {
  readonly view: V;
  readonly means: Means;
  /** Place in the order of preference; −1 for one that is not to be asked now. */
  tier: number;
  readonly isPreferred: boolean;
  /** Whether the rule may name it at some time: as a preferred worker, or in place of one. */
  readonly isNamed: boolean;
  /** Why it will never take this task, as things are configured; in the end, also why not at this moment. */
  refusal: Refusal | undefined;
  readonly load: number;
  warmth: Warmth;
  /** Only where durations decide. */
  expectedMs: number | null;
}

/** Looks at all workers, for a task under its rule. */
export function lookAround<V extends WorkerView>(
  rule: RoutingRule,
  demand: Demand,
  workers: Iterable<V>,
  input: RoutingInput,
  keeping: Keeping | undefined,
): readonly Outlook<V>[] {
  const all: Outlook<V>[] = [];
  let means: Means | undefined;
  let someoneHasModel = false;
  for (const view of workers) {
    const model = modelFor(demand, view.model);
    // Most workers are bound to the same one, or to none.
    if (means?.model !== model) means = { model, key: modelKey(model), numCtx: input.numCtxOf(model) };
    const one = firstLook(rule, demand, view, means);
    all.push(one);
    if (one.isNamed && one.refusal === undefined && mayHave(view, means.key)) someoneHasModel = true;
  }
  let preferredCanBeHad = false;
  for (const one of all) {
    if (one.refusal !== undefined) continue;
    if (someoneHasModel && one.view.endpoint.has(one.means.key) === false) {
      one.refusal = 'lacks the model';
      continue;
    }
    if (one.isPreferred && canBeHad(one.view, input)) preferredCanBeHad = true;
    one.warmth = warmthOf(one.view, one.means.key);
    one.refusal = passingRefusal(one, keeping);
  }
  if (rule.fallbackToLocal && !preferredCanBeHad) {
    for (const one of all) one.tier = one.view.location === 'local' ? 0 : -1;
  }
  if (input.policy.strategy === 'fastest') {
    for (const one of all) one.expectedMs = input.expectedMs(one.view, demand, one.means.model);
  }
  return all;
}

/** Whether the model of a task is in the memory of a worker's server. */
export function isWarmOn(demand: Demand, { model, endpoint }: WorkerView): boolean {
  return endpoint.isLoaded(modelKey(modelFor(demand, model)));
}

function modelFor(demand: Demand, bound: string | null): string {
  const { model, suggestedModel: suggested, fallbackModel: fallback } = demand;
  return modelOf({ model, suggested, fallback }, bound);
}

/** What holds as long as nothing is configured anew. */
function firstLook<V extends WorkerView>(
  rule: RoutingRule,
  demand: Demand,
  view: V,
  means: Means,
): Outlook<V> {
  const tier = tierOf(rule, view);
  return {
    view,
    means,
    tier,
    isPreferred: tier >= 0,
    isNamed: tier >= 0 || (rule.fallbackToLocal && view.location === 'local'),
    refusal: lastingRefusal(demand, view, means),
    load: view.used / view.slots,
    warmth: 'swap',
    expectedMs: null,
  };
}

function tierOf({ preferredWorkers: names, loadBalancing }: RoutingRule, view: WorkerView): number {
  for (let at = 0; at < names.length; at += 1) {
    if (names[at] === view.location || names[at] === view.workerId) return loadBalancing ? 0 : at;
  }
  return -1;
}

function lastingRefusal(demand: Demand, view: WorkerView, means: Means): Refusal | undefined {
  const { capabilities } = view;
  if (capabilities.length > 0 && !capabilities.includes(demand.taskType)) return 'incapable';
  // Whoever takes anything takes a plain prompt.
  if (demand.requestKind !== 'text' && !view.requestKinds.includes(demand.requestKind)) return 'incapable';
  const { promptTokens, answerTokens } = demand;
  if (promptTokens === null) return undefined;
  const window = windowFor(demand, view, means);
  return window === null || fitsWindow({ promptTokens, answerTokens }, window) ? undefined : 'too small';
}

/** The context that a worker would give a task, in tokens; `null` where nothing is known of it. */
export function windowFor({ numCtx }: Demand, view: WorkerView, means: Means): number | null {
  return windowOf({
    numCtxAsked: numCtx,
    catalogNumCtx: means.numCtx,
    modelMax: view.endpoint.contextOf(means.key),
    workerMax: view.tokensMax,
  });
}

/** A server that has not said what it has may have anything, unless it is gone for longer. */
function mayHave({ endpoint, liveness }: WorkerView, key: string): boolean {
  return endpoint.has(key) ?? liveness !== 'lost';
}

/** Whether it answers and may be given work, now or as soon as it is less busy. */
function canBeHad({ liveness, admission, endpoint }: WorkerView, input: RoutingInput): boolean {
  const takesWork = admission === 'active' || (admission === 'standby' && input.isFullyStaffed !== true);
  return takesWork && liveness === 'alive' && endpoint.breaker !== 'open';
}

/** Why it does not take the task at this moment. */
function passingRefusal(
  { view, means, warmth }: Outlook<WorkerView>,
  keeping: Keeping | undefined,
): Refusal | undefined {
  const { liveness, admission, endpoint, host } = view;
  if (admission === 'quarantined') return 'quarantined';
  if (liveness !== 'alive') return 'not alive';
  if (admission === 'draining' || admission === 'drained') return 'draining';
  const { breaker } = endpoint;
  if (breaker === 'open' || breaker === 'trying') return 'endpoint is failing';
  if (view.used >= view.slots) return 'full';
  if (host.slotsMax !== null && host.used >= host.slotsMax) return 'host full';
  if (host.hasMemoryFor(endpoint, means.key) === false) return 'host memory';
  if (keeping?.isKept(host, warmth === 'loaded') === true) return 'host kept';
  return admission === 'standby' ? 'standby' : undefined;
}

function warmthOf({ endpoint, host }: WorkerView, key: string): Warmth {
  if (endpoint.isLoaded(key)) return 'loaded';
  return endpoint.isEmpty || host.hasRoomFor(endpoint, key) === true ? 'fits' : 'swap';
}
