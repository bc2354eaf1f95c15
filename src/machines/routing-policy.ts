/** What the configuration says about workers and about who gets which task. Data only; the decisions are in `routing.ts`. */

import type { WorkerId } from './identifiers.ts';

/** Where a worker runs, seen from this process; rules may name either word in place of a worker. */
export type WorkerLocation = 'local' | 'remote';

/** The program that generates. `demo` writes placeholder text, and only for a worker whose entry asks for it. */
export type BackendName = 'ollama' | 'demo';

/** One entry of `workers.yaml`. */
export interface WorkerConfig {
  readonly workerId: WorkerId;
  readonly location: WorkerLocation;
  readonly backend: BackendName;
  /** The model's name at the backend (`gpt-oss:20b`); `null` leaves the choice to the model file. */
  readonly model: string | null;
  /** Origin of the server that generates, such as `http://localhost:11434`. */
  readonly endpointUrl: string;
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
}
