import type { WorkerId } from './identifiers.ts';
import type { RequestKind } from './model-request.ts';
import type { Admission, Breaker, Liveness } from './worker-state.ts';

/** What the choice of a worker looks at. Views are made by the roster; nothing here changes anything. */

/** What routing knows of a task. */
export interface Demand {
  readonly priority: number;
  readonly taskType: string;
  /** What it asks of whoever takes it. */
  readonly requestKind: RequestKind;
  /** The model that it asks for by name; `null` for none. */
  readonly model: string | null;
  /** What the model file proposes for it. */
  readonly suggestedModel: string;
  /** The model that it is tried with after others have failed. */
  readonly fallbackModel: string | null;
  readonly promptChars: number;
  /** Tokens of its prompt, estimated; `null` where that is unknown. */
  readonly promptTokens: number | null;
  /** Tokens that its answer may take at least. */
  readonly answerTokens: number;
  /** The context that it asks for; `null` for the model file's. */
  readonly numCtx: number | null;
}

/** What routing knows of a worker. */
export interface WorkerView {
  readonly workerId: WorkerId;
  readonly location: 'local' | 'remote';
  /** Task types it takes; empty for all. */
  readonly capabilities: readonly string[];
  /** What it can be asked for; some programs take plain prompts alone. */
  readonly requestKinds: readonly RequestKind[];
  /** Relative speed; 1 is the reference. */
  readonly performanceFactor: number;
  readonly slots: number;
  readonly used: number;
  readonly liveness: Liveness;
  readonly admission: Admission;
  /** Of those with room, it comes last. */
  readonly standby: boolean;
  /** The model that it is bound to. */
  readonly model: string | null;
  readonly tokensMax: number | null;
  readonly endpoint: EndpointView;
  readonly host: HostView;
}

/** The server behind one or more workers. Models are asked for by their key (`modelKey`). */
export interface EndpointView {
  readonly breaker: Breaker;
  /** Whether it can load a model; `undefined` where it does not say what it has. */
  has(key: string): boolean | undefined;
  /** Whether a model is in its memory, as far as is known. */
  isLoaded(key: string): boolean;
  /** Whether nothing is. */
  readonly isEmpty: boolean;
  /** The longest context that a model was made for, in tokens; `null` where that is unknown. */
  contextOf(key: string): number | null;
}

/** The machine behind one or more endpoints. */
export interface HostView {
  /** Attempts at once, over all of its workers; `null` for no limit. */
  readonly slotsMax: number | null;
  readonly used: number;
  /** Whether a model has room beside those that are at work there; `undefined` where that is unknown. */
  hasMemoryFor(endpoint: EndpointView, key: string): boolean | undefined;
  /** Whether a model has room beside all that are loaded there; `undefined` where that is unknown. */
  hasRoomFor(endpoint: EndpointView, key: string): boolean | undefined;
}

/** Machines that are kept for tasks whose turn was before. */
export interface Keeping {
  /** @param isWarm whether the task that would go there finds its model loaded */
  isKept(host: HostView, isWarm: boolean): boolean;
}

/** Why a candidate was not taken. */
export type Refusal =
  | 'not preferred'
  | 'incapable'
  | 'too small'
  | 'lacks the model'
  | 'not alive'
  | 'draining'
  | 'quarantined'
  | 'endpoint is failing'
  | 'standby'
  | 'full'
  | 'host full'
  | 'host memory'
  /** Until the tasks at work there have made room for the model of one that came before. */
  | 'host kept'
  | 'less suitable';

/** Whether its model is there: loaded, with room to load it, or only in the place of another. */
export type Warmth = 'loaded' | 'fits' | 'swap';

export interface Candidate {
  readonly worker_id: string;
  /** Busy slots of all, 0 to 1; more while slots that were taken away are still busy. */
  readonly load: number;
  readonly warmth?: Warmth;
  /** How long it is expected to take, in ms; only where durations decide. */
  readonly expected_ms?: number;
  readonly refusal?: Refusal;
}

/** Stored with each assignment: what was decided, by which rule, among whom. */
export interface DispatchReason {
  readonly rule: string;
  readonly choice: string;
  readonly model: string;
  /** The version of the configuration that decided. */
  readonly config_version: number;
  readonly candidates: readonly Candidate[];
  /** It was the turn of this one; it was overtaken by a task of the same priority, whose model was loaded. */
  readonly bypassed?: string;
}
