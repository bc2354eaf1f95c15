/** The configuration as people write it: each setting under its key in the files, in the unit of the file. */

import type { HostConfig, WorkerConfig } from '../machines/routing-policy.ts';
import type { Config, ModelSettings } from './settings.ts';

/** A setting, or what there is in place of one: a worker, a machine, a model. */
export interface WrittenSetting {
  /** Steps as in the file, but a worker stands under its name: `workers`, `local_001`, `model`. */
  readonly path: readonly string[];
  /** The worker, machine or model that it belongs to; `null` for a setting that is always there. */
  readonly owner: readonly string[] | null;
  /** As the configuration has it, to compare with. */
  readonly value: unknown;
  /** As people may see it: in the unit of the file, secrets as `***`. */
  readonly shown: unknown;
}

/** All settings. What follows from others (the notices, the machine of a worker) is none. */
export function writtenSettings(config: Config): readonly WrittenSetting[] {
  return (Object.keys(sections) as (keyof Config)[]).flatMap((name) => sectionOf(name, config));
}

interface Key {
  readonly name: string;
  readonly show: (value: unknown) => unknown;
}

/** `null` for what follows from others. A new setting does not compile before it has a name here. */
type Keys<T> = { readonly [K in keyof T]-?: Key | null };
type Reader<T> = (value: T) => readonly WrittenSetting[];

const asItIs = (name: string): Key => ({ name, show: (value) => value });
const seconds = (name: string): Key => scaled(name, 1_000);
const mebibytes = (name: string): Key => scaled(name, 1_024 ** 2);
const gibibytes = (name: string): Key => scaled(name, 1_024 ** 3);
/** A URL may carry a password. */
const address = (name: string): Key => ({
  name,
  show: (value) => String(value).replace(/\/\/[^/@]*@/, '//***@'),
});
const secret = (name: string): Key => ({ name, show: (value) => (value === null ? null : '***') });

function scaled(name: string, unit: number): Key {
  const show = (value: unknown) => (typeof value === 'number' ? Number((value / unit).toFixed(3)) : value);
  return { name, show };
}

function one({ name, show }: Key): Reader<unknown> {
  return (value) => [{ path: [name], owner: null, value, shown: show(value) }];
}

function mapping<T extends object>(path: readonly string[], keys: Keys<T>, owner = false): Reader<T> {
  return (value) =>
    (Object.keys(keys) as (keyof T)[]).flatMap((name) => {
      const key = keys[name];
      if (key === null) return [];
      const item = value[name];
      return [{ path: [...path, key.name], owner: owner ? path : null, value: item, shown: key.show(item) }];
    });
}

function record(path: readonly string[], owner: readonly string[] | null = null): Reader<object> {
  return (value) =>
    Object.entries(value).map(([name, item]) => ({
      path: [...path, name],
      owner,
      value: item,
      shown: item,
    }));
}

const workerKeys: Keys<WorkerConfig> = {
  workerId: null,
  location: asItIs('worker_type'),
  backend: asItIs('backend'),
  model: asItIs('model'),
  // The files say server_host here, remote_host and remote_port there; the API has one name for all.
  endpointUrl: address('endpoint_url'),
  apiKey: secret('api_key'),
  command: asItIs('command'),
  host: null,
  performanceFactor: asItIs('performance_factor'),
  maxConcurrentTasks: asItIs('max_concurrent_tasks'),
  maxTokens: asItIs('max_tokens'),
  networkTimeoutMs: seconds('network_timeout'),
  capabilities: asItIs('capabilities'),
  requestKinds: null,
  standby: asItIs('standby'),
};

const hostKeys: Keys<HostConfig> = {
  host: null,
  slotsMax: asItIs('max_concurrent_tasks'),
  memoryBytes: gibibytes('memory_gib'),
};

function ofModel(key: string, model: ModelSettings['catalog'][string]): readonly WrittenSetting[] {
  const path = ['models', key];
  const { options, ...about } = model;
  const keys: Keys<typeof about> = {
    name: asItIs('name'),
    description: asItIs('description'),
    useCases: asItIs('use_cases'),
  };
  return [...mapping(path, keys, true)(about), ...record([...path, 'options'], path)(options)];
}

const modelSections: { readonly [K in keyof ModelSettings]: Reader<ModelSettings[K]> } = {
  defaultModel: one(asItIs('default_model')),
  server: mapping(['server'], {
    host: address('host'),
    timeoutMs: seconds('timeout'),
    retryCount: asItIs('retry_count'),
    retryDelayMs: seconds('retry_delay'),
  }),
  catalog: (catalog) => Object.entries(catalog).flatMap(([key, model]) => ofModel(key, model)),
  recommendations: record(['task_recommendations']),
  autoSelect: mapping(['performance', 'auto_select'], { enabled: asItIs('enabled'), rules: asItIs('rules') }),
  fallback: mapping(['performance', 'fallback'], { enabled: asItIs('enabled'), chain: asItIs('chain') }),
  cache: mapping(['performance', 'cache'], {
    enabled: asItIs('enabled'),
    ttlMs: seconds('ttl'),
    maxSize: asItIs('max_size'),
  }),
};

/** What has no key in a file stands under the variable that sets it. */
const sections: { readonly [K in keyof Config]: Reader<Config[K]> } = {
  home: one(asItIs('KOUBOU_HOME')),
  configDir: one(asItIs('KOUBOU_CONFIG')),
  host: one(asItIs('host')),
  ports: mapping(['ports'], {
    rest: asItIs('rest'),
    websocket: asItIs('websocket'),
    graphql: asItIs('graphql'),
    logs: asItIs('logs'),
    dashboard: asItIs('dashboard'),
  }),
  apiToken: one(secret('KOUBOU_API_TOKEN')),
  workerAuthToken: one(secret('WORKER_AUTH_TOKEN')),
  mcpConformance: one(asItIs('KOUBOU_MCP_CONFORMANCE')),
  storage: mapping(['storage'], { durability: asItIs('durability') }),
  server: ({ rateLimit, ...server }) => [
    ...mapping<typeof server>(['server'], {
      syncWaitMs: seconds('sync_wait_seconds'),
      drainGraceMs: seconds('drain_grace_seconds'),
      clientGone: asItIs('client_gone'),
      allowedOrigins: asItIs('allowed_origins'),
    })(server),
    ...mapping<typeof rateLimit>(['server', 'rate_limit'], {
      strangerPerMinute: asItIs('strangers_per_minute'),
      strangerPerHour: asItIs('strangers_per_hour'),
      tokenPerMinute: asItIs('tokens_per_minute'),
      loopbackPerMinute: asItIs('loopback_per_minute'),
    })(rateLimit),
  ],
  pool: mapping(['pool'], {
    admissionWindow: asItIs('admission_window'),
    minWorkers: asItIs('min_workers'),
    maxWorkers: asItIs('max_workers'),
    maxActiveTasks: asItIs('max_active_tasks'),
    scaleUpThreshold: asItIs('scale_up_threshold'),
    scaleDownThreshold: asItIs('scale_down_threshold'),
  }),
  files: mapping(['files'], { roots: asItIs('roots') }),
  logging: mapping(['logging'], {
    level: asItIs('level'),
    maxSizeBytes: mebibytes('max_size_mib'),
    keepFiles: asItIs('keep_files'),
  }),
  retention: mapping(['retention'], {
    maxAgeDays: asItIs('max_age_days'),
    maxEndedTasks: asItIs('max_ended_tasks'),
    maxEvents: asItIs('max_events'),
  }),
  taskTypes: one(asItIs('task_types')),
  workers: (workers) =>
    workers.flatMap((worker) => mapping(['workers', worker.workerId], workerKeys, true)(worker)),
  joinedNames: (names) => mapping(['workers'], { names: asItIs('joined_workers') })({ names }),
  hosts: (hosts) => hosts.flatMap((host) => mapping(['hosts', host.host], hostKeys, true)(host)),
  routing: mapping(['routing_policy'], {
    strategy: asItIs('strategy'),
    rules: asItIs('rules'),
    agingMs: seconds('aging'),
    bypassesMax: asItIs('warm_bypasses'),
  }),
  breaker: mapping(['circuit_breaker'], {
    failuresMax: asItIs('failures'),
    openMs: seconds('open'),
    openMsMax: seconds('open_max'),
  }),
  execution: mapping(['performance'], {
    defaultTimeoutMs: seconds('default_timeout'),
    remoteTimeoutMs: seconds('remote_timeout'),
  }),
  healthCheck: mapping(['health_check'], {
    intervalMs: seconds('interval'),
    timeoutMs: seconds('timeout'),
    maxFailures: asItIs('max_failures'),
  }),
  performance: mapping(['performance'], {
    metricsIntervalMs: seconds('metrics_interval'),
    autoAdjust: asItIs('auto_adjust_performance'),
    adjustmentIntervalMs: seconds('adjustment_interval'),
  }),
  models: (models) =>
    (Object.keys(modelSections) as (keyof ModelSettings)[]).flatMap((name) => modelSectionOf(name, models)),
  notices: () => [],
};

function sectionOf<K extends keyof Config>(name: K, config: Config): readonly WrittenSetting[] {
  return sections[name](config[name]);
}

function modelSectionOf<K extends keyof ModelSettings>(
  name: K,
  models: ModelSettings,
): readonly WrittenSetting[] {
  return modelSections[name](models[name]);
}
