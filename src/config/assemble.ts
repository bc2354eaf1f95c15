/** From the three files and the environment to the configuration. All are valid by now: nothing here can fail. */

import { workerId } from '../machines/identifiers.ts';
import type { RoutingPolicy, WorkerConfig } from '../machines/routing-policy.ts';
import type { Variables } from './environment.ts';
import { toMs } from './fields.ts';
import type { KoubouFile } from './koubou-file.ts';
import type { ModelsFile } from './models-file.ts';
import type { Config, ModelSettings } from './settings.ts';
import { parseCondition } from './task-size-condition.ts';
import type { LocalWorkerEntry, RemoteWorkerEntry, WorkersFile } from './workers-file.ts';

const builtInTaskTypes = [
  'general',
  'code_generation',
  'documentation',
  'translation',
  'analysis',
  'refactoring',
] as const;

export interface ConfigParts {
  readonly home: string;
  readonly configDir: string;
  readonly variables: Variables;
  readonly koubou: KoubouFile;
  readonly workers: WorkersFile;
  readonly models: ModelsFile;
}

/** Puts the parts together; a variable outranks the file. */
export function assembleConfig({ home, configDir, variables, koubou, workers, models }: ConfigParts): Config {
  const { performance, health_check: healthCheck, pool } = workers;
  return {
    home,
    configDir,
    host: variables.KOUBOU_HOST ?? koubou.host,
    ports: {
      rest: variables.KOUBOU_MCP_PORT ?? koubou.ports.rest,
      websocket: variables.KOUBOU_WEBSOCKET_PORT ?? koubou.ports.websocket,
      graphql: variables.KOUBOU_GRAPHQL_PORT ?? koubou.ports.graphql,
      logs: variables.KOUBOU_LOGS_PORT ?? koubou.ports.logs,
      dashboard: variables.KOUBOU_DASHBOARD_PORT ?? koubou.ports.dashboard,
    },
    apiToken: variables.KOUBOU_API_TOKEN ?? null,
    workerAuthToken: variables.WORKER_AUTH_TOKEN ?? null,
    storage: { durability: variables.KOUBOU_DURABILITY ?? koubou.storage.durability },
    server: {
      syncWaitMs: toMs(koubou.server.sync_wait_seconds),
      drainGraceMs: toMs(koubou.server.drain_grace_seconds),
    },
    pool: {
      admissionWindow: koubou.pool.admission_window,
      minWorkers: pool.min_workers,
      maxWorkers: pool.max_workers,
      maxActiveTasks: pool.max_active_tasks,
      scaleUpThreshold: pool.scale_up_threshold,
      scaleDownThreshold: pool.scale_down_threshold,
    },
    logging: {
      level: variables.KOUBOU_LOG_LEVEL ?? koubou.logging.level,
      maxSizeBytes: koubou.logging.max_size_mib * 1_024 * 1_024,
      keepFiles: koubou.logging.keep_files,
    },
    taskTypes: [
      ...new Set([...builtInTaskTypes, ...koubou.task_types, ...Object.keys(models.task_recommendations)]),
    ],
    workers: [
      ...(workers.workers.local_workers ?? []).map((entry) => localWorker(entry, models)),
      ...(workers.workers.remote_workers ?? []).map(remoteWorker),
    ],
    routing: routingPolicy(workers),
    execution: {
      defaultTimeoutMs: toMs(performance.default_timeout),
      remoteTimeoutMs: toMs(performance.remote_timeout),
    },
    healthCheck: {
      intervalMs: toMs(healthCheck.interval),
      timeoutMs: toMs(healthCheck.timeout),
      maxFailures: healthCheck.max_failures,
    },
    performance: {
      metricsIntervalMs: toMs(performance.metrics_interval),
      autoAdjust: performance.auto_adjust_performance,
      adjustmentIntervalMs: toMs(performance.adjustment_interval),
    },
    models: modelSettings(models),
    notices: noticesOf(models),
  };
}

/** What is read and checked, and does nothing: nobody shall wait for its effect. */
function noticesOf(models: ModelsFile): readonly string[] {
  const general = [
    'workers.yaml: max_tokens, min_workers, max_workers, scale_up_threshold, ' +
      'scale_down_threshold, metrics_interval, auto_adjust_performance and adjustment_interval have no effect yet.',
    'ollama_models.yaml: server.timeout, task_recommendations (the models in it) and performance ' +
      '(auto_select, fallback, cache) have no effect yet.',
  ];
  if (models.logging === undefined) return general;
  return [...general, 'ollama_models.yaml: the section logging has no effect; koubou.yaml sets up the logs.'];
}

function localWorker(entry: LocalWorkerEntry, models: ModelsFile): WorkerConfig {
  return anyWorker(entry, entry.server_host ?? models.server.host);
}

function remoteWorker(entry: RemoteWorkerEntry): WorkerConfig {
  const host = entry.remote_host.includes(':') ? `[${entry.remote_host}]` : entry.remote_host;
  return anyWorker(entry, `http://${host}:${entry.remote_port}`);
}

function anyWorker(entry: LocalWorkerEntry | RemoteWorkerEntry, endpointUrl: string): WorkerConfig {
  return {
    workerId: workerId(entry.worker_id),
    location: entry.worker_type,
    backend: entry.backend,
    model: entry.model ?? null,
    endpointUrl,
    performanceFactor: entry.performance_factor,
    maxConcurrentTasks: entry.max_concurrent_tasks,
    maxTokens: entry.max_tokens ?? null,
    networkTimeoutMs: entry.network_timeout === undefined ? null : toMs(entry.network_timeout),
    capabilities: entry.capabilities,
    standby: entry.standby,
  };
}

function routingPolicy({ routing_policy: policy }: WorkersFile): RoutingPolicy {
  return {
    strategy: policy.strategy,
    rules: policy.rules.map((rule) => ({
      priorityMin: rule.priority_range[0],
      priorityMax: rule.priority_range[1],
      preferredWorkers: rule.preferred_workers,
      fallbackToLocal: rule.fallback_to_local,
      loadBalancing: rule.load_balancing,
      reason: rule.reason,
    })),
  };
}

function modelSettings(models: ModelsFile): ModelSettings {
  const { auto_select: autoSelect, fallback, cache } = models.performance;
  return {
    defaultModel: models.models[models.default_model]?.name ?? models.default_model,
    server: {
      host: models.server.host,
      timeoutMs: toMs(models.server.timeout),
      retryCount: models.server.retry_count,
      retryDelayMs: toMs(models.server.retry_delay),
    },
    catalog: Object.fromEntries(
      Object.entries(models.models).map(([key, { name, description, options, use_cases: useCases }]) => [
        key,
        { name, description, options, useCases },
      ]),
    ),
    recommendations: models.task_recommendations,
    autoSelect: {
      enabled: autoSelect.enabled,
      rules: autoSelect.rules.map(({ condition, model }) => ({
        condition: parseCondition(condition),
        model,
      })),
    },
    fallback,
    cache: { enabled: cache.enabled, ttlMs: toMs(cache.ttl), maxSize: cache.max_size },
  };
}
