import { z } from 'zod';
import {
  count,
  gibibytes,
  machineName,
  nonEmptyText,
  port,
  seconds,
  secondsOrZero,
  serverUrl,
  share,
  switchedOn,
  workerName,
} from './fields.ts';

/** Sent in a header, hence no spaces and no other alphabets. Nothing counts as none, for `${NAME:-}`. */
const apiKey = z
  .string()
  .regex(/^[\x21-\x7e]*$/)
  .meta({
    description: 'Key that the server behind the backend openai wants to see; best a variable.',
    examples: [`\${LM_STUDIO_KEY}`],
  });

const everyWorker = {
  worker_id: workerName,
  backend: z
    .enum(['ollama', 'openai', 'gemini-repo-cli', 'demo'])
    .default('ollama')
    .describe(
      'What generates: an Ollama server, a server that speaks the OpenAI API, the program gemini-repo-cli, or demo: placeholder text, marked as such in every result.',
    ),
  api_key: apiKey.optional(),
  command: nonEmptyText(
    'Name or path of the program behind the backend gemini-repo-cli, without arguments; that name by default.',
  ).optional(),
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
    'URL of the server that generates; without it server.host of ollama_models.yaml. The backend openai adds /v1 where no path is given.',
  ).optional(),
});

const remoteWorker = z.strictObject({
  ...everyWorker,
  worker_type: z.literal('remote').default('remote').describe('Always remote in this list.'),
  remote_host: machineName,
  remote_port: port('Port of the server over there; 11434 by default, with the backend openai 8000.')
    .min(1)
    .optional(),
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
    aging: secondsOrZero('Seconds of waiting after which a task gains one priority; 0 for never.').default(
      3_600,
    ),
    warm_bypasses: count(
      'How often a waiting task may be overtaken by one of the same priority whose model is loaded already.',
      0,
      1_000,
    ).default(8),
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

const circuitBreaker = z
  .strictObject({
    failures: count('Failures in a row after which a worker gets a rest.', 1, 1_000).default(5),
    open: seconds('Seconds that the first rest lasts; further ones last longer.').default(30),
    open_max: seconds('Seconds that a rest lasts at most; not less than open.').default(600),
  })
  .prefault({})
  .describe('When a worker that keeps failing gets a rest.');

const hostLimits = z.strictObject({
  max_concurrent_tasks: count('Tasks at once, over all workers of the machine.').optional(),
  memory_gib: gibibytes('Memory for models, in GiB.').optional(),
});

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
        joined_workers: z
          .array(workerName)
          .nullable()
          .default([])
          .describe('Names under which workers of other machines join, so that rules may name them.'),
      })
      .describe('Who works.'),
    hosts: z
      .record(machineName, hostLimits)
      .nullable()
      .default({})
      .describe('What all workers of a machine share, by the name of the machine.'),
    routing_policy: routingPolicy,
    performance,
    health_check: healthCheck,
    circuit_breaker: circuitBreaker,
    pool,
  })
  .meta({ title: 'workers.yaml', description: 'Koubou: workers, routing, health and pool.' });

export type WorkersFile = z.output<typeof workersFileSchema>;
export type LocalWorkerEntry = z.output<typeof localWorker>;
export type RemoteWorkerEntry = z.output<typeof remoteWorker>;
