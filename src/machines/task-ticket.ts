import type { TaskId } from './identifiers.ts';
import type { RequestKind } from './model-request.ts';

/** What the pool holds of a task in memory; everything else stays in its row. */
export interface TaskTicket {
  readonly taskId: TaskId;
  readonly seq: number;
  readonly priority: number;
  readonly taskType: string;
  readonly requestKind: RequestKind;
  /** Since when it waits to be done, epoch ms; it does not decrease with `seq`. */
  readonly sinceMs: number;
  /** The model it asks for by name; `null` for none. */
  readonly model: string | null;
  /** What the model file proposes for it. */
  readonly suggestedModel: string;
  /** How far the chain of models that may stand in is used up, and the one in force. */
  readonly fallbacks: number;
  readonly fallbackModel: string | null;
  /** Of its prompt with its files; tokens are an estimate. `null` where that is unknown. */
  readonly promptChars: number;
  readonly promptTokens: number | null;
  readonly answerTokens: number;
  readonly numCtx: number | null;
  readonly leases: number;
  readonly failures: number;
  /** Failures that are tried again. */
  readonly retriesMax: number;
  /** Until its earliest start, in ms; 0 for now. */
  readonly delayMs: number;
}
