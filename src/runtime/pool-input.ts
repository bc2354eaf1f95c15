import type { Config } from '../config/settings.ts';
import type { Recovery } from '../db/store.ts';
import type { WorkerRegistration } from '../db/workers-table.ts';
import { DurationBook } from '../machines/duration-book.ts';
import type { Enrolment, PoolInput, PoolPolicy } from '../machines/pool-context.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { WorkerSpec } from '../machines/worker-spec.ts';
import type { Admission } from '../machines/worker-state.ts';
import type { CurrentConfig } from './current-config.ts';
import { numCtxOf } from './job.ts';
import { publicUrl } from './public-url.ts';

/** No backoff lasts longer: a model that is back after the night's restart shall not wait until noon. */
const backoffMsMax = 5 * 60_000;

/** What the pool is started with. */
export function poolInputOf(
  current: CurrentConfig,
  { lastAssignment, isPaused, admissions }: Recovery,
): Omit<PoolInput, 'ports'> {
  const config = current.now;
  return {
    workers: specsOf(config).map((spec) => enrolmentOf(spec, admissions.get(spec.workerId))),
    policy: policyOf(current),
    book: new DurationBook(),
    admissionWindow: config.pool.admissionWindow,
    nextAssignment: lastAssignment + 1,
    drainGraceMs: config.server.drainGraceMs,
    isPaused,
  };
}

/** What an operator asked of a worker outlives a restart; what the load asked, and a quarantine, do not. */
function enrolmentOf(spec: WorkerSpec, left: Admission | undefined): Enrolment {
  const isDrained = left === 'draining' || left === 'drained';
  if (isDrained) return { spec, admission: 'drained' };
  return { spec, admission: spec.standby || left === 'standby' ? 'standby' : 'active' };
}

export function policyOf(current: CurrentConfig): PoolPolicy {
  const { routing, breaker, hosts, pool, models } = current.now;
  return {
    version: current.version,
    routing,
    breaker,
    hosts,
    leasesMax: pool.maxActiveTasks,
    workersMin: pool.minWorkers,
    workersMax: pool.maxWorkers,
    scaleUp: pool.scaleUpThreshold,
    scaleDown: pool.scaleDownThreshold,
    backoff: { delayMsBase: models.server.retryDelayMs, delayMsMax: backoffMsMax },
    fallbackChain: current.fallbackChain,
    numCtxOf: numCtxOf(current.now),
  };
}

/** The workers of the files. Of those beyond `max_workers` the last ones are in reserve. */
export function specsOf(config: Config): readonly WorkerSpec[] {
  let active = 0;
  return config.workers.map((worker) => {
    if (!worker.standby) active += 1;
    return specOf(worker, config, worker.standby || active > config.pool.maxWorkers);
  });
}

export function specOf(worker: WorkerConfig, { healthCheck }: Config, standby: boolean): WorkerSpec {
  return {
    workerId: worker.workerId,
    location: worker.location,
    endpoint: publicUrl(worker.endpointUrl),
    host: worker.host,
    capabilities: worker.capabilities,
    requestKinds: worker.requestKinds,
    performanceFactor: worker.performanceFactor,
    slots: worker.maxConcurrentTasks,
    joined: worker.backend === 'joined',
    standby,
    model: worker.model,
    tokensMax: worker.maxTokens,
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
    endpointUrl: publicUrl(worker.endpointUrl),
    model: worker.model,
    performanceFactor: worker.performanceFactor,
    maxConcurrentTasks: worker.maxConcurrentTasks,
  };
}
