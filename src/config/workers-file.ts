import { z } from 'zod';
import { count, nonEmptyText, port, seconds, serverUrl, share, switchedOn } from './fields.ts';

const workerId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  // The id is also the name of the worker's log file, hence the alphabet.
  .meta({
    description: 'Unique name of letters, digits, dots, dashes and underscores; names the log file too.',
    examples: ['local_001'],
  });

const everyWorker = {
  worker_id: workerId,
  backend: z
    .enum(['ollama', 'demo'])
    .default('ollama')
    .describe(
      'The program that generates. demo writes placeholder text and is marked as such in every result.',
    ),
  model: nonEmptyText('Name of the model at the server; without it the model file decides.').optional(),
  performance_factor: z
    .number()
    .min(0.001)
    .max(1_000)
    .default(1)
    .describe('Speed relative to the other workers; 1 is the reference.'),
  max_concurrent_tasks: count('Tasks at once.').default(1),
  max_tokens: count('Tokens of prompt and answer together; without it the window of the model.').optional(),
  network_timeout: seconds('Seconds for one attempt; without it the timeout under performance.').optional(),
  capabilities: z
    .array(nonEmptyText('A task type.'))
    .default([])
    .describe('Task types that the worker takes; an empty list takes all.'),
  standby: switchedOn('Rests until the pool scales up.').default(false),
};

const localWorker = z.strictObject({
  ...everyWorker,
  worker_type: z.literal('local').default('local').describe('Always local in this list.'),
  server_host: serverUrl(
    'URL of the server that generates; without it server.host of ollama_models.yaml.',
  ).optional(),
});

const remoteWorker = z.strictObject({
  ...everyWorker,
  worker_type: z.literal('remote').default('remote').describe('Always remote in this list.'),
  remote_host: z
    .string()
    .regex(/^[A-Za-z0-9._:-]+$/)
    .meta({
      description: 'Name or address of the machine, without http:// and port.',
      examples: ['192.168.11.6'],
    }),
  remote_port: port('Port of the Ollama server over there.').min(1).default(11_434),
});

const priority = count('A priority; 10 is the most urgent.', 1, 10);

const routingRule = z.strictObject({
  priority_range: z
    .tuple([priority, priority])
    .describe('Lowest and highest priority that the rule is for, both included. Ranges must not overlap.'),
  preferred_workers: z
    .array(nonEmptyText('local, remote or a worker_id.'))
    .min(1)
    .describe('local, remote or a worker_id, in order of preference.'),
  fallback_to_local: switchedOn('A local worker may take the task when none of the preferred can.').default(
    false,
  ),
  load_balancing: switchedOn('Spread over all preferred workers by their load.').default(false),
  reason: z.string().default('').describe('For people; stored with each decision.'),
});

const routingPolicy = z
  .strictObject({
    strategy: z
      .enum(['priority_based', 'least_loaded', 'fastest'])
      .default('priority_based')
      .describe('priority_based asks the rules first; the others order workers by load or by speed.'),
    rules: z.array(routingRule).default([]).describe('Whom tasks of a range of priorities prefer.'),
  })
  .prefault({})
  .describe('Who gets which task.');

const performance = z
  .strictObject({
    metrics_interval: seconds('Seconds between two records of metrics.').default(60),
    auto_adjust_performance: switchedOn(
      'Measure the speed of workers and adjust performance_factor.',
    ).default(true),
    adjustment_interval: seconds('Seconds between two adjustments.').default(1_800),
    default_timeout: seconds('Seconds for one attempt on a local worker.').default(120),
    remote_timeout: seconds('Seconds for one attempt on a remote worker.').default(300),
  })
  .prefault({})
  .describe('Metrics and timeouts.');

const healthCheck = z
  .strictObject({
    interval: seconds('Seconds between two heartbeats.').default(15),
    timeout: seconds(
      'Seconds without a heartbeat after which a worker is lost; longer than interval.',
    ).default(90),
    max_failures: count('Failed probes in a row after which a worker is lost.').default(3),
  })
  .prefault({})
  .describe('How a lost worker is noticed.');

const pool = z
  .strictObject({
    min_workers: count('Workers that are active at the start, and at least.').default(1),
    max_workers: count('Workers that are active at most.').default(5),
    max_active_tasks: count('Tasks that run at once, over all workers.').default(3),
    scale_up_threshold: share('Share of busy slots above which a standby worker is activated.').default(0.8),
    scale_down_threshold: share('Share of busy slots below which a worker is rested.').default(0.3),
  })
  .prefault({})
  .describe('How many workers and tasks at once.');

/** `workers.yaml`, a superset of the original's; times are seconds. */
export const workersFileSchema = z
  .strictObject({
    workers: z
      .strictObject({
        // An empty list may be written as nothing at all: people comment out its last entry.
        local_workers: z.array(localWorker).nullable().default([]).describe('Workers on this machine.'),
        remote_workers: z.array(remoteWorker).nullable().default([]).describe('Workers on other machines.'),
      })
      .describe('Who works.'),
    routing_policy: routingPolicy,
    performance,
    health_check: healthCheck,
    pool,
  })
  .meta({ title: 'workers.yaml', description: 'Koubou: workers, routing, health and pool.' });

export type WorkersFile = z.output<typeof workersFileSchema>;
export type LocalWorkerEntry = z.output<typeof localWorker>;
export type RemoteWorkerEntry = z.output<typeof remoteWorker>;
