import { createHash } from 'node:crypto';
import type { EmbeddingRequest } from '../machines/model-request.ts';
import { failed, noUsage, type Outcome } from '../machines/outcome.ts';
import type { Backend, Job } from './execution.ts';
import { missingCall } from './tool-choice.ts';

/** The part of a clock that the demo needs; XState's clocks fit. */
export interface DemoClock {
  setTimeout(fn: () => void, delayMs: number): unknown;
  clearTimeout(id: unknown): void;
}

export interface DemoBackendOptions {
  /** Between two pieces of text, in ms. */
  readonly delayMs?: number;
  /** Whose time passes; the real one by default. */
  readonly clock?: DemoClock;
}

const wallClock: DemoClock = {
  setTimeout: (fn, delayMs) => setTimeout(fn, delayMs),
  clearTimeout: (id) => clearTimeout(id as NodeJS.Timeout),
};

/** Numbers in a placeholder vector, where the task does not say how many. */
const vectorLength = 8;

/**
 * Answers every job with placeholder text that says so, piece by piece, so that a pool can be tried without a model: with
 * an object that says so where JSON is wanted, with vectors out of a digest where vectors are. What only a model could do,
 * to keep to a schema or to call a function, fails. Never chosen unless asked for.
 */
export function demoBackend({ delayMs = 40, clock = wallClock }: DemoBackendOptions = {}): Backend {
  return async (job, { signal, onText }) => {
    if (signal.aborted) return { kind: 'cancelled' };
    const impossible = whyImpossible(job);
    if (impossible !== null) return failed('output.invalid', impossible);
    if (job.request?.kind === 'embedding') {
      await pause(clock, delayMs, signal);
      return signal.aborted ? { kind: 'cancelled' } : succeeded(JSON.stringify(vectorsFor(job.request)));
    }
    const pieces = job.format === 'json' ? [placeholderJson] : placeholder(job);
    for (const piece of pieces) {
      await pause(clock, delayMs, signal);
      if (signal.aborted) return { kind: 'cancelled' };
      onText(piece);
    }
    return succeeded(pieces.join(''));
  };
}

function succeeded(output: string): Outcome {
  return { kind: 'succeeded', output, usage: { ...noUsage, model: 'demo', doneReason: 'stop' } };
}

function whyImpossible({ format, request }: Job): string | null {
  if (format !== null && format !== 'json') {
    return 'A demo worker has no model, and cannot answer in the form of a schema: give the pool a real one.';
  }
  return missingCall(request, []) === null
    ? null
    : 'A demo worker has no model, and cannot call a tool: give the pool a real one.';
}

const placeholderJson = JSON.stringify({
  demo: true,
  note: 'This is placeholder JSON from a demo worker; no model was asked.',
  注: 'これはデモ用ワーカーの仮の JSON です。モデルには問い合わせていません。',
});

/** The same text has the same vector; that of a similar text is not similar. */
function vectorsFor({ inputs, dimensions = vectorLength }: EmbeddingRequest): readonly (readonly number[])[] {
  return inputs.map((input) => Array.from({ length: dimensions }, (_, place) => numberFor(input, place)));
}

/** From -1 to 1. */
function numberFor(input: string, place: number): number {
  const digest = createHash('sha256').update(`${place}\n${input}`).digest();
  return digest.readInt32BE(0) / 2 ** 31;
}

function placeholder(job: Job): readonly string[] {
  return [
    '[demo] This is placeholder text from a demo worker; no model was asked.\n',
    '[デモ] これはデモ用ワーカーの仮の文章です。モデルには問い合わせていません。\n',
    `Received: a ${job.taskType} task with ${whatCame(job)} `,
    `at priority ${job.priority}.\n`,
    'To get real answers, give config/workers.yaml a worker with a model.\n',
  ];
}

function whatCame({ prompt, request }: Job): string {
  if (request?.kind === 'chat') return `a conversation of ${request.messages.length} messages`;
  return `a prompt of ${prompt.length} characters`;
}

/** Ends early, without an error, when the signal is aborted. */
function pause(clock: DemoClock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer: unknown = clock.setTimeout(end, delayMs);
    signal.addEventListener('abort', end);
  });
}
