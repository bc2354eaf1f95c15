import type { Backend, Job, JobIo } from '../../src/actors/execution.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { until } from './until.ts';

/** A job in the hands of a puppet: the test decides what becomes of it, and when. */
export interface Held {
  readonly job: Job;
  readonly io: JobIo;
  readonly settle: (outcome: Outcome) => void;
}

/** A backend that does nothing by itself. */
export class PuppetBackend {
  readonly started: Held[] = [];

  readonly backend: Backend = (job, io) =>
    new Promise((settle) => {
      this.started.push({ job, io, settle });
    });

  /** The n-th job that was begun, from 1 on, as soon as it is. */
  async job(n: number): Promise<Held> {
    await until(() => {
      if (this.started.length < n) throw new Error(`only ${this.started.length} jobs were begun, not ${n}`);
    });
    return this.started[n - 1] as Held;
  }

  get prompts(): readonly string[] {
    return this.started.map(({ job }) => job.prompt);
  }
}
