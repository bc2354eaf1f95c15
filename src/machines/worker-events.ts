import type { ActorRef, ErrorActorEvent, Snapshot } from 'xstate';
import type { AssignmentId, WorkerId } from './identifiers.ts';
import type { Sighting } from './sighting.ts';
import type { ExecutionReport, HeartbeatReport, Lease, WorkerReport } from './worker-reports.ts';
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
  /** Beats missed in a row. */
  readonly misses: number;
  /** Crashes of its children within the window. */
  readonly crashes: number;
  /** Crashes ever: names the timer that forgets each. */
  readonly crashSerial: number;
  readonly sighting: Sighting;
}

export type WorkerCommand =
  | ({ readonly type: 'worker.run'; readonly model: string | null } & Lease)
  /** The lease has ended otherwise: stop generating. The execution answers with the outcome `cancelled`. */
  | { readonly type: 'worker.stop'; readonly assignmentId: AssignmentId }
  | { readonly type: `worker.${AdmissionOrder}`; readonly detail: string }
  /** The configuration has changed. */
  | { readonly type: 'worker.configure'; readonly spec: WorkerSpec }
  /** There is reason to look at once whether it lives. */
  | { readonly type: 'worker.probe' };

export interface ExecutionInput extends Lease {
  readonly workerId: WorkerId;
  readonly slot: number;
  readonly model: string | null;
}
export type ExecutionCommand = { readonly type: 'execution.stop' };
/** Do not wait for the next interval. */
export type HeartbeatCommand = { readonly type: 'heartbeat.probe' };

/** All that a worker hears. */
export type WorkerEvent =
  | WorkerCommand
  | ExecutionReport
  | HeartbeatReport
  | { readonly type: 'crash.forgotten' }
  | ErrorActorEvent;
