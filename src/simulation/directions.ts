import type { WorkerId } from '../machines/identifiers.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { FaultName } from './world-events.ts';

/** What a script or a record says of single attempts and beats; where it says nothing, chance decides. */
export interface Directions {
  /** The fault of the attempt at a task that begins now. Asked once for each attempt. */
  readonly faultOf: (prompt: string) => FaultName | undefined;
  /** Whether the answer to this probe is lost. Asked once for each probe. */
  readonly losesBeat: (worker: WorkerId) => boolean;
  /** How long a worker takes for a task, in ms; what it takes to load a model comes on top. */
  readonly serviceMsOf: (prompt: string, worker: WorkerConfig) => number | undefined;
}

export const undirected: Directions = {
  faultOf: () => undefined,
  losesBeat: () => false,
  serviceMsOf: () => undefined,
};
