import type { Config } from '../config/settings.ts';
import { workerId } from '../machines/identifiers.ts';
import { requestKinds } from '../machines/model-request.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';

const demoWorker: WorkerConfig = {
  workerId: workerId('demo_001'),
  location: 'local',
  backend: 'demo',
  model: null,
  endpointUrl: 'http://localhost:11434',
  apiKey: null,
  command: '',
  host: 'localhost',
  performanceFactor: 1,
  maxConcurrentTasks: 1,
  maxTokens: null,
  networkTimeoutMs: null,
  capabilities: [],
  requestKinds,
  standby: false,
};

/** The same pool, but nobody asks a model: each worker writes placeholder text. */
export function withDemoWorkers(config: Config): Config {
  const workers = config.workers.map(
    (worker): WorkerConfig => ({
      ...worker,
      backend: 'demo',
      apiKey: null,
      model: null,
    }),
  );
  return workers.length === 0 ? withOneDemoWorker(config) : { ...config, workers };
}

/** One worker, `demo_001`, who takes everything. */
export function withOneDemoWorker(config: Config): Config {
  return {
    ...config,
    workers: [demoWorker],
    routing: { ...config.routing, strategy: 'least_loaded', rules: [] },
  };
}
