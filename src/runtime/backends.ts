import { demoBackend } from '../actors/demo-backend.ts';
import type { Backend } from '../actors/execution.ts';
import type { Probe } from '../actors/heartbeat.ts';
import { ollamaBackend } from '../actors/ollama-backend.ts';
import { ollamaProbe } from '../actors/ollama-probe.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';

/** How the jobs of one worker are run, and how it is asked for a sign of life. */
export interface WorkerEndpoint {
  readonly backend: Backend;
  readonly probe: Probe;
}

/** The endpoint that a worker's entry in `workers.yaml` names. */
export function endpointOf(worker: WorkerConfig): WorkerEndpoint {
  switch (worker.backend) {
    case 'ollama':
      return { backend: ollamaBackend({ host: worker.endpointUrl }), probe: ollamaProbe(worker.endpointUrl) };
    case 'demo':
      return { backend: demoBackend(), probe: () => Promise.resolve() };
  }
}
