import type { AssignmentId, TaskId, WorkerId } from './identifiers.ts';
import type { Outcome } from './outcome.ts';
import type { Sighting } from './sighting.ts';
import type { Admission, Liveness } from './worker-state.ts';

/** What workers, and the actors below them, say to those above. */

/** A task in the hands of a worker, under its fencing token. */
export interface Lease {
  readonly taskId: TaskId;
  readonly assignmentId: AssignmentId;
}

export interface SettledReport extends Lease {
  readonly type: 'worker.settled';
  readonly workerId: WorkerId;
  readonly outcome: Outcome;
  /** Uniform in [0, 1), for the jitter of a retry. */
  readonly draw: number;
  /** How long the attempt took, on a clock that only grows, in ms. */
  readonly elapsedMs: number;
}

export interface LivenessReport {
  readonly type: 'worker.noticed';
  readonly workerId: WorkerId;
  readonly liveness: Liveness;
  /** Why, in one sentence; empty for good news. */
  readonly detail: string;
}

/** Whether it takes work has changed. */
export interface AdmissionReport {
  readonly type: 'worker.admitted';
  readonly workerId: WorkerId;
  readonly admission: Admission;
  /** Who wanted it, or why; empty where the order says it all. */
  readonly detail: string;
}

/** What its last probe saw of its models. */
export interface SightingReport {
  readonly type: 'worker.sighted';
  readonly workerId: WorkerId;
  readonly sighting: Sighting;
}

/** What a worker tells its pool. */
export type WorkerReport = SettledReport | LivenessReport | AdmissionReport | SightingReport;

/** How one attempt ended. */
export interface ExecutionReport extends Lease {
  readonly slot: number;
  readonly outcome: Outcome;
  readonly draw: number;
  readonly elapsedMs: number;
}

/** What executions tell their worker: each of its attempts once, those of one turn of the event loop together. */
export interface ExecutionReports {
  readonly type: 'execution.settled';
  readonly reports: readonly ExecutionReport[];
}

/** What a heartbeat tells its worker, each interval. `silentMs`: how long it listened without an answer. */
export type HeartbeatReport =
  | { readonly type: 'heartbeat.received'; readonly sighting: Sighting }
  | { readonly type: 'heartbeat.missed'; readonly silentMs: number; readonly detail: string };
