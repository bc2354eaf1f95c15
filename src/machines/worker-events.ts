import type { ActorRef, ErrorActorEvent, Snapshot } from 'xstate';
import type { AssignmentId, WorkerId } from './identifiers.ts';
import type { Sighting } from './sighting.ts';
import type { ExecutionReports, HeartbeatReport, Lease, WorkerReport } from './worker-reports.ts';
import type { WorkerSpec } from './worker-spec.ts';
import type { Admission, AdmissionOrder } from './worker-state.ts';

export interface WorkerInput {
  readonly spec: WorkerSpec;
  /** What a former actor of this worker, or a former process, left it in. */
  readonly admission: Admission;
  readonly pool: ActorRef<Snapshot<unknown>, WorkerReport>;
}

export interface WorkerContext extends WorkerInput {
  /** One place for each slot: the lease that runs in it, or `null`. */
  readonly slots: readonly (Lease | null)[];
  /** How many slots, from the first on, have their execution: they get it when they are first needed. */
  readonly manned: number;
  /** Beats missed in a row. */
  readonly misses: number;
  /** Crashes of its children within the window. */
  readonly crashes: number;
  /** Crashes ever: names the timer that forgets each. */
  readonly crashSerial: number;
  readonly sighting: Sighting;
}

export type WorkerCommand =
  /** These leases are on disk: begin. Those of one commit come together. */
  | { readonly type: 'worker.run'; readonly leases: readonly Run[] }
  /** The lease has ended otherwise: stop generating. The execution answers with the outcome `cancelled`. */
  | { readonly type: 'worker.stop'; readonly assignmentId: AssignmentId }
  | { readonly type: `worker.${AdmissionOrder}`; readonly detail: string }
  /** The configuration has changed. */
  | { readonly type: 'worker.configure'; readonly spec: WorkerSpec }
  /** There is reason to look at once whether it lives. */
  | { readonly type: 'worker.probe' };

/** A lease, and the model that it was given for. */
export interface Run extends Lease {
  readonly model: string | null;
}

/** An execution lives as long as its slot, and makes one attempt after the other. */
export interface ExecutionInput {
  readonly workerId: WorkerId;
  readonly slot: number;
  readonly worker: ActorRef<Snapshot<unknown>, ExecutionReports>;
}

export type ExecutionCommand =
  | { readonly type: 'execution.run'; readonly run: Run }
  | { readonly type: 'execution.stop' };
/** Do not wait for the next interval. */
export type HeartbeatCommand = { readonly type: 'heartbeat.probe' };

/** All that a worker hears. */
export type WorkerEvent =
  | WorkerCommand
  | ExecutionReports
  | HeartbeatReport
  | { readonly type: 'crash.forgotten' }
  | ErrorActorEvent;
