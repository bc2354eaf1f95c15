import { join } from 'node:path';
import type { ReadableFolders } from '../actors/allowed-files.ts';
import { demoBackend } from '../actors/demo-backend.ts';
import type { Backend } from '../actors/execution.ts';
import { geminiBackend } from '../actors/gemini-backend.ts';
import type { Probe } from '../actors/heartbeat.ts';
import { ollamaBackend } from '../actors/ollama-backend.ts';
import { ollamaProbe } from '../actors/ollama-probe.ts';
import { openaiBackend } from '../actors/openai-backend.ts';
import { openaiProbe } from '../actors/openai-probe.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import { unseen } from '../machines/sighting.ts';

/** How the jobs of one worker are run, and how it is asked for a sign of life. */
export interface WorkerEndpoint {
  readonly backend: Backend;
  readonly probe: Probe;
  /** Prompts for people and models: the files of a task are put before them, and answers may be kept. */
  readonly takesPlainPrompts: boolean;
}

export type Reach = (worker: WorkerConfig, folders: ReadableFolders) => WorkerEndpoint;

/** The endpoint that a worker's entry in `workers.yaml` names. */
export function endpointOf(worker: WorkerConfig, folders: ReadableFolders): WorkerEndpoint {
  const { endpointUrl, apiKey, command } = worker;
  switch (worker.backend) {
    case 'ollama':
      return {
        backend: ollamaBackend({ host: endpointUrl }),
        probe: ollamaProbe(endpointUrl),
        takesPlainPrompts: true,
      };
    case 'openai':
      return {
        backend: openaiBackend({ baseUrl: endpointUrl, apiKey }),
        probe: openaiProbe(endpointUrl, apiKey),
        takesPlainPrompts: true,
      };
    case 'gemini-repo-cli':
      return {
        backend: geminiBackend({
          command,
          endpointUrl,
          scratch: join(folders.except, 'run', 'programs'),
          ...folders,
        }),
        probe: ollamaProbe(endpointUrl),
        takesPlainPrompts: false,
      };
    case 'demo':
      return { backend: demoBackend(), probe: () => Promise.resolve(unseen), takesPlainPrompts: true };
    case 'joined':
      throw new TypeError(`worker ${worker.workerId} joined by itself: its link reaches it`);
  }
}
