import type { AssignmentId, TaskId } from '../machines/identifiers.ts';
import type { AnswerFormat, ModelRequest } from '../machines/model-request.ts';
import type { Outcome } from '../machines/outcome.ts';
import type { TraceParent } from './traced-context.ts';

/** What a backend is asked to do: one attempt at one task. */
export interface Job {
  readonly taskId: TaskId;
  readonly assignmentId: AssignmentId;
  readonly taskType: string;
  readonly priority: number;
  readonly prompt: string;
  /** What is asked for beside the prompt, or in its place; `null` for a plain prompt. */
  readonly request: ModelRequest | null;
  /** What the answer must look like; `null` for any text. */
  readonly format: AnswerFormat | null;
  /** Paths as the client named them, relative to the project folder. */
  readonly files: readonly string[];
  /** The model's name at the backend (`gpt-oss:20b`); `null` lets the backend choose its default. */
  readonly model: string | null;
  /** Sampling options as Ollama names them (temperature, num_ctx, top_p, think, keep_alive, …), merged: model file under the task's own. */
  readonly sampling: Readonly<Record<string, unknown>>;
  /** Asks for a new answer, although one for the same prompt may be at hand. */
  readonly fresh: boolean;
  /** From the start of the attempt, in ms. The execution actor enforces it through `signal`; a backend need not. */
  readonly deadlineMs: number;
  /** Of which lease this is, 1 for the first; traces are told. */
  readonly attempt?: number;
  /** How long the task waited for its first lease. */
  readonly waitedMs?: number;
  /** The span that it belongs under; servers that are asked for it are told. */
  readonly trace?: TraceParent;
}

export interface JobIo {
  /** Aborted on cancel and at the deadline. The backend stops the generation at its server within 1 s. */
  readonly signal: AbortSignal;
  /** Called with each piece of text as it arrives, in order, before the outcome. */
  readonly onText: (text: string) => void;
}

/**
 * One way to run a job. Resolves with an outcome for everything that can happen at a server, `cancelled` after an abort;
 * a rejection is a bug of the backend, and is reported as `execution.crashed`.
 */
export type Backend = (job: Job, io: JobIo) => Promise<Outcome>;
