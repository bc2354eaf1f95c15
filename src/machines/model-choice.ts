import type { FailureCode } from './outcome.ts';

/** Which model runs a task, and which one after it has failed. Names are those at the servers, never keys of the file. */

type Comparison = '<' | '<=' | '>' | '>=' | '==';

/** A rule on the length of a prompt; the first that holds decides. */
interface SizeRule {
  readonly condition: {
    readonly operator: Comparison;
    /** In characters. */
    readonly value: number;
  };
  /** Key of the model. */
  readonly model: string;
}

/** What the model file says of the choice. Keys are those of `catalog`. */
export interface ModelChoices {
  /** The model's name at the server, not its key. */
  readonly defaultModel: string;
  readonly catalog: Readonly<Record<string, { readonly name: string }>>;
  /** From task type to key. */
  readonly recommendations: Readonly<Record<string, string>>;
  readonly autoSelect: { readonly enabled: boolean; readonly rules: readonly SizeRule[] };
  /** Keys, in the order in which they are tried. */
  readonly fallback: { readonly enabled: boolean; readonly chain: readonly string[] };
}

/**
 * The name of the model that the file proposes for a task: the recommendation for its type, else the first rule on its
 * length that holds, else the default.
 */
export function suggestModel(
  task: { readonly taskType: string; readonly promptChars: number },
  models: ModelChoices,
): string {
  const { recommendations, autoSelect } = models;
  // A type is a word from outside, and `constructor` is one, too.
  const recommended = Object.hasOwn(recommendations, task.taskType)
    ? recommendations[task.taskType]
    : undefined;
  if (recommended !== undefined) return nameOf(recommended, models);
  const rule = autoSelect.enabled
    ? autoSelect.rules.find(({ condition }) => holds(condition, task.promptChars))
    : undefined;
  return rule === undefined ? models.defaultModel : nameOf(rule.model, models);
}

/** The names of the models that are tried one after the other when one fails; empty where that is switched off. */
export function fallbackChain(models: ModelChoices): readonly string[] {
  return models.fallback.enabled ? models.fallback.chain.map((key) => nameOf(key, models)) : [];
}

/** A key that is not in the catalog stands for itself; the configuration lets none through. */
function nameOf(key: string, { catalog }: ModelChoices): string {
  return Object.hasOwn(catalog, key) ? (catalog[key]?.name ?? key) : key;
}

function holds({ operator, value }: SizeRule['condition'], chars: number): boolean {
  switch (operator) {
    case '<':
      return chars < value;
    case '<=':
      return chars <= value;
    case '>':
      return chars > value;
    case '>=':
      return chars >= value;
    case '==':
      return chars === value;
  }
}

/** What a task brings to the choice. */
export interface ModelDemand {
  /** The model that the task itself names; `null` for none. */
  readonly model: string | null;
  /** What the file proposes, from `suggestModel`. */
  readonly suggested: string;
  /** The one that it is tried with after others have failed; `null` while none has. */
  readonly fallback: string | null;
}

/**
 * The name of the model that runs a task on a worker: the fallback that its failures have brought it to, else the
 * task's own, else the worker's (`pinned`, `null` for none), else the file's.
 */
export function modelOf({ model, suggested, fallback }: ModelDemand, pinned: string | null): string {
  return fallback ?? model ?? pinned ?? suggested;
}

export interface FallbackStep {
  /** Where the search for the one after it begins. */
  readonly step: number;
  readonly model: string;
}

/**
 * The model after one that failed, and `undefined` at the end of the chain. Positions only grow, so that a task never
 * comes by the same place twice, whichever models fail.
 *
 * @param step 0 at the first failure, then the `step` of the answer before
 */
export function nextFallback(
  chain: readonly string[],
  step: number,
  failed: string,
): FallbackStep | undefined {
  const failedAt = chain.findIndex((model) => sameModel(model, failed));
  for (let at = Math.max(step, failedAt + 1); at < chain.length; at += 1) {
    const model = chain[at];
    if (model !== undefined && !sameModel(model, failed)) return { step: at + 1, model };
  }
  return undefined;
}

/**
 * Whether another model may succeed where one failed so: `at once`, when no further try of the same one is of use;
 * `at last`, when its retries are used up; `undefined`, when the model is not at fault.
 */
export function isModelFault(code: FailureCode): 'at once' | 'at last' | undefined {
  switch (code) {
    case 'model.unknown':
    case 'output.invalid': // It was told what was wrong, and did no better.
      return 'at once';
    case 'backend.error': // Too large for the memory, or a broken file: often the model's.
    case 'backend.cut': // Its runner died.
    case 'backend.garbage':
    case 'backend.empty':
      return 'at last';
    case 'backend.unreachable':
    case 'backend.busy':
    case 'backend.no_answer':
    case 'input.refused':
    case 'input.too_long':
    case 'execution.timeout':
    case 'execution.crashed':
    case 'execution.too_large':
    case 'worker.lost':
    case 'leases.exhausted':
    case 'actor.crashed':
      return undefined;
  }
}

/** Whether two names mean one model: without a tag, `latest` is meant, as Ollama has it. */
export function sameModel(a: string, b: string): boolean {
  return a === b || modelKey(a) === modelKey(b);
}

/**
 * The one form of a model's names, to look it up by: the name with its tag. A colon before the last slash belongs to a
 * registry: `host:5000/name`. Has nothing to do with the keys of the model file.
 */
export function modelKey(name: string): string {
  return name.includes(':', name.lastIndexOf('/') + 1) ? name : `${name}:latest`;
}
