import { failed, type Outcome } from '../machines/outcome.ts';
import { callOver } from './call-over.ts';
import type { Backend, Job, JobIo } from './execution.ts';
import { ServerTrouble } from './server-errors.ts';

/** What one job at a server is given. */
export interface Generation {
  readonly job: Job;
  readonly model: string;
  readonly io: JobIo;
  /** Aborted with the job, and when it has ended in whatever way: what listens to it does not outlive the job. */
  readonly signal: AbortSignal;
}

/** A job that names no model cannot be asked of anybody. */
export function noModel(): Outcome {
  return failed(
    'input.refused',
    'No model is set: name one in the task, for the worker, or as default_model.',
  );
}

/**
 * What all backends that talk to a server have in common: a job that names its model, one connection that ends with it,
 * an abort that wins over everything else, and troubles of the server that become outcomes.
 */
export function serverBackend(generate: (generation: Generation) => Promise<Outcome>): Backend {
  return async (job, io) => {
    if (io.signal.aborted) return { kind: 'cancelled' };
    const { model } = job;
    if (model === null) return noModel();
    const stop = new AbortController();
    try {
      const outcome = await generate({ job, model, io, signal: AbortSignal.any([io.signal, stop.signal]) });
      return io.signal.aborted ? { kind: 'cancelled' } : outcome;
    } catch (error) {
      if (io.signal.aborted) return { kind: 'cancelled' };
      if (error instanceof ServerTrouble) return error.outcome;
      throw error;
    } finally {
      stop.abort(callOver); // however it ended: no connection outlives its job
    }
  };
}

/** A count of a server's, kept only where it is what it claims to be. */
export function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
