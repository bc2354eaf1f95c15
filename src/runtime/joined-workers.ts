import type { Clock } from '../actors/clock.ts';
import type { JoinedWorker } from '../actors/worker-link.ts';
import { WorkerLinks } from '../actors/worker-links.ts';
import { asStorageError } from '../db/storage-faults.ts';
import type { Store } from '../db/store.ts';
import { KoubouError } from '../machines/errors.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { CurrentConfig } from './current-config.ts';
import type { Endpoints } from './endpoints.ts';
import type { Engine } from './engine.ts';
import { registrationOf, specOf } from './pool-input.ts';
import type { RuntimeLog } from './pool-ports.ts';

export interface JoinedWorkersPorts {
  readonly clock: Clock;
  readonly config: CurrentConfig;
  readonly engine: Engine;
  readonly endpoints: Endpoints;
  readonly store: Store;
  readonly log: RuntimeLog;
}

/** Makes workers that come by themselves members of the pool: each hello enrols one, a goodbye retires it. */
export function openLinks(ports: JoinedWorkersPorts): WorkerLinks {
  const { clock, config, engine, store, log } = ports;
  const links: WorkerLinks = new WorkerLinks({
    clock,
    heartbeatMs: config.now.healthCheck.intervalMs,
    enrol: (worker) => enrol(ports, links, worker),
    leave: (workerId) => engine.command({ type: 'pool.retire', workerId, detail: 'it said goodbye' }),
    late: (report) => {
      const row = store.task(report.taskId);
      // It counted, and only the word of that was lost on the way. Under the lease of another worker it never does.
      const isTheirs = row?.assignmentId === report.assignmentId && row.workerId === report.workerId;
      if (isTheirs && row.endedAt !== null) return;
      engine.reportLate(report);
    },
    // What waits for it need not wait for the next beat.
    onBack: (workerId) => engine.command({ type: 'pool.probe', workerId }),
    onCut: (workerId) => engine.command({ type: 'pool.probe', workerId }),
    log,
  });
  engine.stream.subscribe((committed) => links.hear(committed));
  return links;
}

/** @throws KoubouError `worker.conflict` when a worker of the files has its name, `storage.unavailable` */
function enrol(
  { clock, config, engine, endpoints, store }: JoinedWorkersPorts,
  links: WorkerLinks,
  worker: JoinedWorker,
): void {
  const { workerId } = worker;
  const known = engine.pool.roster.get(workerId);
  if (known?.spec.joined === false || config.now.workers.some((other) => other.workerId === workerId)) {
    const message = `the name ${workerId} belongs to a worker of workers.yaml; join under another one`;
    throw new KoubouError('worker.conflict', message);
  }
  const described = configOf(worker);
  try {
    store.registerWorker(registrationOf(described), known === undefined, clock.now());
  } catch (error) {
    throw asStorageError(error);
  }
  const reached = { backend: links.backendOf(workerId), probe: links.probeOf(workerId) };
  endpoints.join(described, { ...reached, takesPlainPrompts: true }, config.now);
  engine.command({
    type: 'pool.enrol',
    spec: specOf(described, config.now, false),
    admission: 'active',
    detail: 'it joined by itself',
  });
}

/** What it said of itself, in the terms of `workers.yaml`. The first model that it named is its own. */
function configOf(worker: JoinedWorker): WorkerConfig {
  const { workerId, slots, models, capabilities, performanceFactor, requestKinds } = worker;
  return {
    workerId,
    location: 'remote',
    backend: 'joined',
    model: models[0] ?? null,
    endpointUrl: `joined:${workerId}`,
    apiKey: null,
    command: '',
    host: workerId,
    performanceFactor,
    maxConcurrentTasks: slots,
    maxTokens: null,
    networkTimeoutMs: null,
    capabilities,
    requestKinds,
    standby: false,
  };
}
