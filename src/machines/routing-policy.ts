/** What the configuration says about workers and about who gets which task. Data only; the decisions are in `routing.ts`. */

import type { WorkerId } from './identifiers.ts';
import type { RequestKind } from './model-request.ts';

/** Where a worker runs, seen from this process; rules may name either word in place of a worker. */
export type WorkerLocation = 'local' | 'remote';

/**
 * What generates. `openai` is any server that speaks that protocol, `gemini-repo-cli` a program on this machine that uses
 * an Ollama server. `joined` is a worker that came by itself; no file can name it. `demo` writes placeholder text, and
 * only for a worker whose entry asks for it.
 */
export type BackendName = 'ollama' | 'openai' | 'gemini-repo-cli' | 'joined' | 'demo';

/** One entry of `workers.yaml`. */
export interface WorkerConfig {
  readonly workerId: WorkerId;
  readonly location: WorkerLocation;
  readonly backend: BackendName;
  /** The model's name at the backend (`gpt-oss:20b`); `null` leaves the choice to the model file. */
  readonly model: string | null;
  /** Address of the server that generates: `http://localhost:11434`; with `openai` the base of its API, `http://localhost:1234/v1`. */
  readonly endpointUrl: string;
  /** What the server behind `openai` wants to see; `null` sends none. Never logged or shown. */
  readonly apiKey: string | null;
  /** Program of `gemini-repo-cli`, a name or a path; no other backend uses it. */
  readonly command: string;
  /** Machine that the endpoint runs on, in lower case; every name of this machine is `localhost`. */
  readonly host: string;
  /** Speed relative to the others; 1 is the reference, 0.1 takes ten times as long. */
  readonly performanceFactor: number;
  /** Tasks at once: the worker's slots. */
  readonly maxConcurrentTasks: number;
  /** Tokens of prompt and answer together; `null` where the model's own window decides. */
  readonly maxTokens: number | null;
  /** Longest wait for the end of one attempt; `null` takes the timeout of the worker's location. */
  readonly networkTimeoutMs: number | null;
  /** Task types it takes; empty means all. */
  readonly capabilities: readonly string[];
  /** What it can be asked for; some programs take plain prompts alone. */
  readonly requestKinds: readonly RequestKind[];
  /** Rests until the pool scales up. */
  readonly standby: boolean;
}

/** `priority_based` asks the rules first; the others order the workers with room by load or by speed. */
export type RoutingStrategy = 'priority_based' | 'least_loaded' | 'fastest';

/** Whom tasks of a range of priorities prefer. Ranges never overlap; a priority without a rule goes to any worker. */
export interface RoutingRule {
  /** From 1 (least urgent) to 10, both ends included, `priorityMin <= priorityMax`. */
  readonly priorityMin: number;
  readonly priorityMax: number;
  /** `local`, `remote` or a worker's id, in order of preference; never empty. */
  readonly preferredWorkers: readonly string[];
  /** A local worker may take the task when none of the preferred can. */
  readonly fallbackToLocal: boolean;
  /** Spread over all preferred workers by load, instead of filling the first. */
  readonly loadBalancing: boolean;
  /** For people; stored with each decision. */
  readonly reason: string;
}

export interface RoutingPolicy {
  readonly strategy: RoutingStrategy;
  readonly rules: readonly RoutingRule[];
  /** A waiting task gains one priority each time this has passed; 0 lets it wait at its own for ever. */
  readonly agingMs: number;
  /** How often a waiting task may be overtaken by one of the same priority whose model is loaded already. */
  readonly bypassesMax: number;
}

/** What all workers of one machine share: several on one GPU shall not fight. */
export interface HostConfig {
  /** As in `WorkerConfig`. */
  readonly host: string;
  /** Tasks at once, over all workers of the machine; `null` sets no bound of its own. */
  readonly slotsMax: number | null;
  /** Memory for models; `null` where nobody has said. */
  readonly memoryBytes: number | null;
}

/** When a worker that keeps failing gets a rest. */
export interface BreakerPolicy {
  /** Failures in a row that open the circuit. */
  readonly failuresMax: number;
  /** How long it stays open the first time; each time that it opens again, longer. */
  readonly openMs: number;
  /** It never stays open longer; at least `openMs`. */
  readonly openMsMax: number;
}
