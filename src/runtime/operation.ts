import type { DeadLetterQuery } from '../db/dead-letters.ts';

/** What operators ask, and what they are shown. */

/** Ended tasks that are to be tried again: `failed` ones are the dead letters. All that is given must hold. */
export type RetryFilter = Omit<DeadLetterQuery, 'limit' | 'patienceMs'>;

/** Those that were tried again before are left out, so that asking twice is asking once. */
export interface RetryReport {
  /** How many the filter finds, whatever the limit. */
  readonly found: number;
  /** False where looking took too long: there are at least so many. */
  readonly is_whole: boolean;
  /** In the order in which they had been accepted; empty for a dry run. */
  readonly tasks: readonly { readonly task_id: string; readonly retry_of: string }[];
  /** For a dry run: what would be tried again, the first of them. */
  readonly sample: readonly { readonly task_id: string; readonly error: string | null }[];
}

/** What a reload has done. */
export interface ReloadReport {
  /** Counts the configurations of this process. */
  readonly version: number;
  /** One line each; empty when the files say what is in force already. */
  readonly changes: readonly string[];
  /** Changes that take effect at the next start only. */
  readonly needs_restart: readonly string[];
}

/** One lease of a task: who had it, why, and what came of it. */
export interface AttemptView {
  readonly assignment_id: number;
  readonly attempt: number;
  readonly worker_id: string;
  readonly model: string | null;
  /** active, completed, failed, retried or cancelled. */
  readonly status: string;
  readonly assigned_at: string;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  /** The rule, all candidates and why each was not taken, the choice. */
  readonly reason: Readonly<Record<string, unknown>>;
  /** Usage, or the failure. */
  readonly outcome: Readonly<Record<string, unknown>> | null;
}

/** Of the last 256 predictions; there is none before the first has come true. Errors and shares are parts of 1. */
export interface PredictionQuality {
  readonly runs: number;
  /** The middle one of |actual − p50| / actual, and the mean of them. */
  readonly median_error: number;
  readonly mean_error: number;
  /** Those that were over by their p90; 0.9 is what was promised. */
  readonly within_p90: number;
  /** Above 0 when too much time was said. */
  readonly bias: number;
}

/** The pool at a glance. */
export interface PoolView {
  /** starting, running, paused, draining, stopped or crashed. */
  readonly state: string;
  readonly config_version: number;
  readonly leases: { readonly used: number; readonly max: number };
  /** Waiting tasks by priority, 10 first; those with a later start time are left out. */
  readonly waiting: readonly { readonly priority: number; readonly type: string; readonly count: number }[];
  readonly endpoints: readonly {
    readonly endpoint: string;
    readonly host: string;
    readonly breaker: string;
    readonly detail: string;
    /** Models in its memory, as far as is known. */
    readonly loaded: readonly string[];
    readonly leases: number;
  }[];
  readonly hosts: readonly {
    readonly host: string;
    readonly leases: number;
    readonly slots_max: number | null;
    readonly memory_bytes: number | null;
  }[];
  /** How good the last predictions were: of durations, made when a lease was given; of ends, made at acceptance. */
  readonly prediction: {
    readonly duration: PredictionQuality | null;
    readonly finish: PredictionQuality | null;
  };
}
