import { noUsage } from '../machines/outcome.ts';
import type { Backend, Job } from './execution.ts';

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

/**
 * Answers every job with placeholder text that says so, piece by piece, so that a pool can be tried without a model.
 * Never chosen unless asked for.
 */
export function demoBackend({ delayMs = 40, clock = wallClock }: DemoBackendOptions = {}): Backend {
  return async (job, { signal, onText }) => {
    const pieces = placeholder(job);
    for (const piece of pieces) {
      await pause(clock, delayMs, signal);
      if (signal.aborted) return { kind: 'cancelled' };
      onText(piece);
    }
    const usage = { ...noUsage, model: 'demo', doneReason: 'stop' };
    return { kind: 'succeeded', output: pieces.join(''), usage };
  };
}

function placeholder(job: Job): readonly string[] {
  return [
    '[demo] This is placeholder text from a demo worker; no model was asked.\n',
    '[デモ] これはデモ用ワーカーの仮の文章です。モデルには問い合わせていません。\n',
    `Received: a ${job.taskType} task with a prompt of ${job.prompt.length} characters `,
    `at priority ${job.priority}.\n`,
    'To get real answers, give config/workers.yaml a worker with a model.\n',
  ];
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
