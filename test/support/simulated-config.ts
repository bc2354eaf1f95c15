import { fileURLToPath } from 'node:url';
import type { Config } from '../../src/config/settings.ts';
import { loadConfig } from '../../src/config.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import type { WorkerConfig } from '../../src/machines/routing-policy.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** The shipped configuration for a simulated workshop: two fast workers here, two slow ones elsewhere. Nothing of it is on disk. */
export function simulatedConfig(change: (config: Config) => Config = (config) => config): Config {
  const shipped = loadConfig({
    configDir: `${project}/config`,
    cwd: project,
    env: { KOUBOU_HOME: '/nowhere/koubou' },
  });
  const [first] = shipped.workers;
  if (first === undefined) throw new Error('the shipped configuration has no worker');
  const common = { ...first, model: null, standby: false };
  const fast: WorkerConfig = { ...common, location: 'local', performanceFactor: 1, maxConcurrentTasks: 2 };
  const slow: WorkerConfig = {
    ...common,
    location: 'remote',
    performanceFactor: 0.1,
    maxConcurrentTasks: 1,
    networkTimeoutMs: 900_000,
  };
  return change({
    ...shipped,
    workers: [
      at({ ...fast, workerId: workerId('local_001') }, 'localhost', 11_434),
      at({ ...fast, workerId: workerId('local_002') }, 'localhost', 11_435),
      at({ ...slow, workerId: workerId('remote_001') }, 'lan-1', 11_434),
      at({ ...slow, workerId: workerId('remote_002') }, 'lan-2', 11_434),
    ],
  });
}

function at(worker: WorkerConfig, host: string, port: number): WorkerConfig {
  return { ...worker, host, endpointUrl: `http://${host}:${port}` };
}
