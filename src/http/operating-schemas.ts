import { z } from 'zod';
import type { AttemptView, PoolView, ReloadReport, RetryReport } from '../runtime/operation.ts';
import type { WorkerView } from '../runtime/worker-view.ts';

const count = z.int().min(0);
/** `null` where nobody says. */
const known = count.nullable();
const names = z.array(z.string());
const breaker = z.enum(['closed', 'open', 'halfOpen', 'trying']);

const quality = z
  .looseObject({
    runs: count,
    median_error: z.number(),
    mean_error: z.number(),
    within_p90: z.number(),
    bias: z.number().meta({ description: 'Above 0 when too much time was said.' }),
  })
  .meta({ id: 'PredictionQuality', description: 'Errors and shares are parts of 1.' });

/** `GET /pool`. */
export const poolSchema = z
  .looseObject({
    state: z.enum(['starting', 'running', 'paused', 'draining', 'stopped', 'crashed']),
    config_version: z
      .int()
      .meta({ description: 'Counts the configurations of this process; a reload takes the next.' }),
    leases: z.looseObject({ used: count, max: count }),
    waiting: z
      .array(z.looseObject({ priority: z.int(), type: z.string(), count }))
      .meta({ description: '10 first; those with a later start time are left out.' }),
    endpoints: z.array(
      z.looseObject({
        endpoint: z.string(),
        host: z.string(),
        breaker,
        detail: z.string(),
        loaded: names.meta({ description: 'Models in its memory, as far as is known.' }),
        leases: count,
      }),
    ),
    hosts: z.array(
      z.looseObject({
        host: z.string(),
        leases: count,
        slots_max: count.nullable(),
        memory_bytes: z.number().nullable(),
      }),
    ),
    prediction: z
      .looseObject({ duration: quality.nullable(), finish: quality.nullable() })
      .meta({ description: 'How good the last predictions were: of durations, and of ends.' }),
  })
  .meta({ id: 'Pool' }) satisfies z.ZodType<PoolView, unknown>;

export const poolStateSchema = poolSchema.pick({ state: true }).meta({ id: 'PoolState' });

/** `GET /workers/:id`. */
export const workerSchema = z
  .looseObject({
    worker_id: z.string(),
    status: z.enum(['idle', 'busy', 'offline']),
    liveness: z.enum(['probing', 'alive', 'suspect', 'lost']),
    admission: z.enum(['active', 'standby', 'draining', 'drained', 'quarantined']),
    current_task: z.string().nullable(),
    current_tasks: names,
    tasks_completed: count,
    tasks_failed: count,
    last_heartbeat: z.string().nullable(),
    created_at: z.string(),
    worker_type: z.string(),
    location: z.string(),
    model: z.string().nullable(),
    endpoint_url: z.string().nullable(),
    host: z.string().nullable(),
    performance_factor: z.number(),
    max_concurrent_tasks: count,
    leases: count,
    capabilities: names,
    breaker: breaker.nullable().meta({ description: 'Of its endpoint.' }),
    breaker_detail: z.string(),
    loaded: names,
    models: z
      .array(z.looseObject({ name: z.string(), size_bytes: known, context_tokens_max: known }))
      .nullable()
      .meta({ description: 'What its server could load; null where it does not say.' }),
    residents: z
      .array(z.looseObject({ name: z.string(), memory_bytes: count, context_tokens: known }))
      .meta({ description: 'What its server has in memory, as it was seen there.' }),
  })
  .meta({ id: 'Worker' }) satisfies z.ZodType<WorkerView, unknown>;

export const workersSchema = z.looseObject({ workers: z.array(workerSchema) });

/** `POST /pool/reload`. */
export const reloadSchema = z
  .looseObject({
    version: z.int(),
    changes: names.meta({ description: 'One line each; empty when nothing was different.' }),
    needs_restart: names.meta({ description: 'What takes effect at the next start only.' }),
  })
  .meta({ id: 'ReloadReport' }) satisfies z.ZodType<ReloadReport, unknown>;

/** `POST /db/vacuum`. */
export const vacuumSchema = z
  .looseObject({
    given_back_bytes: count,
    file_bytes: count.meta({ description: 'Of the database, after it.' }),
    shrinks: z.boolean().meta({
      description:
        'false: an older version made the file; `koubou db vacuum` shrinks it while no server runs.',
    }),
  })
  .meta({ id: 'Vacuumed' });

/** `POST /tasks/retry`. */
export const retryReportSchema = z
  .looseObject({
    found: count.meta({ description: 'How many there are, whatever the limit.' }),
    is_whole: z.boolean().meta({ description: 'false: there are at least so many; looking took too long.' }),
    tasks: z
      .array(z.looseObject({ task_id: z.string(), retry_of: z.string() }))
      .meta({ description: 'The new tasks; empty for a dry run.' }),
    sample: z
      .array(z.looseObject({ task_id: z.string(), error: z.string().nullable() }))
      .meta({ description: 'For a dry run: the first that would be tried again.' }),
    warnings: names.optional(),
  })
  .meta({ id: 'RetryReport' }) satisfies z.ZodType<RetryReport, unknown>;

/** One of `GET /task/:id/attempts`. */
const attemptSchema = z
  .looseObject({
    assignment_id: z.int(),
    attempt: z.int(),
    worker_id: z.string(),
    model: z.string().nullable(),
    status: z.enum(['active', 'completed', 'failed', 'retried', 'cancelled']),
    assigned_at: z.string(),
    ended_at: z.string().nullable(),
    duration_ms: z.number().nullable(),
    reason: z.record(z.string(), z.unknown()).meta({
      description: 'The rule, all candidates and why each was not taken, the choice.',
    }),
    outcome: z.record(z.string(), z.unknown()).nullable().meta({ description: 'Usage, or the failure.' }),
  })
  .meta({ id: 'Attempt' }) satisfies z.ZodType<AttemptView, unknown>;

export const attemptsSchema = z.looseObject({ attempts: z.array(attemptSchema) });
