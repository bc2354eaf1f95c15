import type { Config } from '../config/settings.ts';
import type { WorkerRegistration } from '../db/workers-table.ts';
import type { PoolInput } from '../machines/pool-context.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { WorkerSpec } from '../machines/worker-machine.ts';
import type { JobSettings } from './job.ts';

/** No backoff lasts longer: a model that is back after the night's restart shall not wait until noon. */
const backoffMsMax = 5 * 60_000;

/** What the pool is started with. */
export function poolInputOf(config: Config, nextAssignment: number): Omit<PoolInput, 'ports'> {
  return {
    workers: config.workers.map((worker) => specOf(worker, config)),
    routing: config.routing,
    admissionWindow: config.pool.admissionWindow,
    leasesMax: config.pool.maxActiveTasks,
    nextAssignment,
    drainGraceMs: config.server.drainGraceMs,
    backoff: { delayMsBase: config.models.server.retryDelayMs, delayMsMax: backoffMsMax },
  };
}

function specOf(worker: WorkerConfig, { healthCheck }: Config): WorkerSpec {
  return {
    workerId: worker.workerId,
    location: worker.location,
    capabilities: worker.capabilities,
    performanceFactor: worker.performanceFactor,
    slots: worker.maxConcurrentTasks,
    standby: worker.standby,
    missesMax: healthCheck.maxFailures,
    silenceMsMax: healthCheck.timeoutMs,
  };
}

/** The row of a worker. */
export function registrationOf(worker: WorkerConfig): WorkerRegistration {
  return {
    workerId: worker.workerId,
    workerType: worker.backend,
    location: worker.location,
    endpointUrl: worker.endpointUrl,
    model: worker.model,
    performanceFactor: worker.performanceFactor,
    maxConcurrentTasks: worker.maxConcurrentTasks,
  };
}

export function jobSettingsOf(config: Config): JobSettings {
  const { defaultTimeoutMs, remoteTimeoutMs } = config.execution;
  return { models: config.models, timeoutMs: { local: defaultTimeoutMs, remote: remoteTimeoutMs } };
}
