/** From the three files and the environment to the configuration. All are valid by now: nothing here can fail. */

import { dirname, resolve } from 'node:path';
import type { RoutingPolicy } from '../machines/routing-policy.ts';
import type { Variables } from './environment.ts';
import { toMs } from './fields.ts';
import type { KoubouFile } from './koubou-file.ts';
import type { ModelsFile } from './models-file.ts';
import { noticesOf } from './notices.ts';
import type { Config, ModelSettings } from './settings.ts';
import { parseCondition } from './task-size-condition.ts';
import { builtInTaskTypes } from './task-types.ts';
import { hostsOf, workersOf } from './worker-entries.ts';
import type { WorkersFile } from './workers-file.ts';

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
  const { performance, health_check: healthCheck, circuit_breaker: breaker, pool } = workers;
  const taskTypes = [
    ...new Set([...builtInTaskTypes, ...koubou.task_types, ...Object.keys(models.task_recommendations)]),
  ];
  const configured = workersOf(workers, models.server.host);
  const hosts = hostsOf(workers);
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
    mcpConformance: variables.KOUBOU_MCP_CONFORMANCE === '1',
    storage: { durability: variables.KOUBOU_DURABILITY ?? koubou.storage.durability },
    server: {
      syncWaitMs: toMs(koubou.server.sync_wait_seconds),
      drainGraceMs: toMs(koubou.server.drain_grace_seconds),
      allowedOrigins: koubou.server.allowed_origins,
      rateLimit: {
        strangerPerMinute: koubou.server.rate_limit.strangers_per_minute,
        strangerPerHour: koubou.server.rate_limit.strangers_per_hour,
        tokenPerMinute: koubou.server.rate_limit.tokens_per_minute,
        loopbackPerMinute: koubou.server.rate_limit.loopback_per_minute,
      },
      clientGone: koubou.server.client_gone,
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
    retention: {
      maxAgeDays: koubou.retention.max_age_days,
      maxEndedTasks: koubou.retention.max_ended_tasks,
      maxEvents: koubou.retention.max_events,
    },
    taskTypes,
    workers: configured,
    joinedNames: workers.workers.joined_workers ?? [],
    hosts,
    routing: routingPolicy(workers),
    breaker: {
      failuresMax: breaker.failures,
      openMs: toMs(breaker.open),
      openMsMax: toMs(breaker.open_max),
    },
    files: { roots: [...new Set(koubou.files.roots.map((root) => resolve(dirname(home), root)))] },
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
    notices: noticesOf({ workers: configured, hosts, taskTypes, models }),
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
    agingMs: toMs(policy.aging),
    bypassesMax: policy.warm_bypasses,
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
