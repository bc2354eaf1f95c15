import type { ModelReply } from './model-request.ts';

/**
 * How an attempt ends. A closed union: what an ending means is decided here and in `retry.ts`, nowhere else.
 */

/** What a backend counted; durations in ms, `null` where the backend does not say. */
export interface Usage {
  readonly model: string | null;
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
  readonly loadMs: number | null;
  readonly promptMs: number | null;
  readonly generateMs: number | null;
  readonly totalMs: number | null;
  /** Why the generation stopped, in the backend's own word: `stop`, `length`, … */
  readonly doneReason: string | null;
}

/** Classes of failure. The part before the dot tells where it arose. */
export type FailureCode =
  | 'backend.unreachable' // connection refused, reset before an answer, name not found
  | 'backend.busy' // 503, 429
  | 'backend.error' // 5xx, an error line in the stream
  | 'backend.cut' // the stream ended without its last chunk
  | 'backend.garbage' // not what the protocol says
  | 'backend.no_answer' // not one byte before the deadline
  | 'backend.empty' // a regular ending with nothing in it
  | 'model.unknown' // 404 for the model
  | 'input.refused' // other 4xx
  | 'input.too_long' // more than the context of any worker that may take it holds
  | 'output.invalid' // not in the format that was asked for, after all repairs
  | 'execution.timeout' // still generating at the deadline
  | 'execution.crashed' // our own code threw
  | 'execution.too_large' // more output than limits.outputBytesMax
  | 'worker.lost' // the lease ended without a verdict
  | 'leases.exhausted' // given out too often without a verdict
  | 'actor.crashed'; // the task's own actor threw

export interface Failure {
  readonly code: FailureCode;
  /** One sentence for people: what happened, and what to do where that is known. */
  readonly message: string;
}

export type Outcome =
  | {
      readonly kind: 'succeeded';
      readonly output: string;
      readonly usage: Usage;
      readonly reply?: ModelReply;
    }
  /** Transient: worth another attempt after a backoff of at least `delayMsMin`. */
  | { readonly kind: 'retry'; readonly failure: Failure; readonly delayMsMin: number }
  /** The lease ended without a verdict (worker lost, drained): queued again at once, not counted as a failure. */
  | { readonly kind: 'released'; readonly failure: Failure }
  /** Final: another attempt would fail the same way. */
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The execution was told to stop and did. */
  | { readonly kind: 'cancelled' };

export const noUsage: Usage = {
  model: null,
  promptTokens: null,
  outputTokens: null,
  loadMs: null,
  promptMs: null,
  generateMs: null,
  totalMs: null,
  doneReason: null,
};

/** A transient failure. */
export function retry(code: FailureCode, message: string, delayMsMin = 0): Outcome {
  return { kind: 'retry', failure: { code, message }, delayMsMin };
}

/** A final failure. */
export function failed(code: FailureCode, message: string): Outcome {
  return { kind: 'failed', failure: { code, message } };
}
