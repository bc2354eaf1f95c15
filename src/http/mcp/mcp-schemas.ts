import { z } from 'zod';
import { KoubouError } from '../../machines/errors.ts';
import { parseTaskId, type TaskId } from '../../machines/identifiers.ts';
import { limits } from '../../machines/limits.ts';
import { mcpLimits } from '../../machines/mcp-limits.ts';
import { taskStatuses } from '../../machines/task-status.ts';
import type { DelegationSchemas } from '../task-schemas.ts';
import { predictionSchema } from './task-report.ts';

const taskIdField = z
  .string()
  .max(100)
  .describe('As koubou_delegate_task gave it: task_20261122_101500_123456_….');

const waitSeconds = z
  .number()
  .min(0)
  .max(mcpLimits.waitMsMax / 1_000);

/** What a client calls a delegation by, so that asking twice is asking once. */
const idempotencyKey = z
  .string()
  .min(1)
  .max(limits.idempotencyKeyCharsMax)
  .optional()
  .describe('Send the same key when you repeat a call whose answer you did not get: no second task is made.');

/** A task as tools take it: the fields of REST, with its limits, and nothing that is only there for old clients. */
function delegationFields({ one }: DelegationSchemas, taskTypes: readonly string[]) {
  const { prompt, priority, files, output_file, options, delay, run_at } = one.shape;
  return {
    prompt: prompt
      .unwrap()
      .unwrap()
      .describe(
        'The whole task. The worker sees only this and `files`, nothing of your conversation: give it the context, the constraints and the form of the answer.',
      ),
    type: z
      .enum(taskTypes as [string, ...string[]])
      .optional()
      .describe('What kind of work it is; it selects the model. Default: general.'),
    priority: priority
      .unwrap()
      .unwrap()
      .optional()
      .describe(
        '1 to 10, 10 comes first. 5 is normal; 8 and more for what you wait for; 1 to 3 for what may take hours.',
      ),
    files: files
      .unwrap()
      .unwrap()
      .optional()
      .describe(
        'Paths of files that are put before the prompt; they must lie in a configured root of the server.',
      ),
    output_file: output_file
      .unwrap()
      .unwrap()
      .optional()
      .describe('The answer is also written to this file, relative to the outputs folder of the server.'),
    options: z
      .looseObject(options.unwrap().unwrap().shape)
      .optional()
      .describe(
        '`timeout` (s), `model`, `temperature`, `num_ctx`, `retry_count`, and what else the model knows.',
      ),
    delay: delay.unwrap().unwrap().optional().describe('Seconds until the earliest start.'),
    run_at: run_at.unwrap().unwrap().optional().describe('Earliest start, ISO 8601 with an offset.'),
  };
}

function inputsOf(schemas: DelegationSchemas, taskTypes: readonly string[]) {
  const fields = delegationFields(schemas, taskTypes);
  const item = z.strictObject(fields);
  return {
    item,
    one: item.extend({
      sync: z
        .boolean()
        .optional()
        .describe('true waits for the answer. Default: false, which answers at once with the id.'),
      wait_seconds: waitSeconds
        .optional()
        .describe(
          `How long sync waits; when the task takes longer you get its id, and it goes on. Default: ${mcpLimits.waitMsDefault / 1_000}.`,
        ),
      idempotency_key: idempotencyKey,
    }),
    many: z.strictObject({
      tasks: z.array(item).min(1).max(limits.bulkTasksMax).describe('All are accepted, or none.'),
      idempotency_key: idempotencyKey,
    }),
  };
}

type DelegationInputs = ReturnType<typeof inputsOf>;
export type DelegatedItem = z.output<DelegationInputs['item']>;

const inputs = new WeakMap<DelegationSchemas, DelegationInputs>();

/** What the delegating tools take: made once for a configuration. */
export function delegationInputs(schemas: DelegationSchemas, taskTypes: readonly string[]): DelegationInputs {
  const known = inputs.get(schemas) ?? inputsOf(schemas, taskTypes);
  inputs.set(schemas, known);
  return known;
}

export const taskInput = z.strictObject({ task_id: taskIdField });

export const getTaskInput = taskInput.extend({
  output_offset: z
    .int()
    .min(0)
    .max(limits.outputBytesMax)
    .optional()
    .describe('Where the part of the answer begins.'),
  output_limit: z
    .int()
    .min(1)
    .max(mcpLimits.pageCharsMax)
    .optional()
    .describe(`Characters of the answer at most. Default: ${mcpLimits.outputCharsMax}.`),
  attempts: z.boolean().optional().describe('true adds who tried it, why them, and what came of it.'),
});

export const waitTaskInput = taskInput.extend({
  wait_seconds: waitSeconds.optional().describe(`Default: ${mcpLimits.waitMsDefault / 1_000}.`),
});

export const listTasksInput = z.strictObject({
  status: z.enum(taskStatuses).optional(),
  limit: z.int().min(1).max(mcpLimits.listRowsMax).optional().describe('Default: 20.'),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .describe('`next_cursor` of the page before.'),
});

export const workerInput = z.strictObject({
  worker_id: z.string().max(200).optional().describe('One worker; all of them without it.'),
});

export const statsInput = z.strictObject({
  hours: z.int().min(1).max(720).optional().describe('The window of the figures. Default: 24.'),
});

export const acceptedManySchema = z.looseObject({
  count: z.int(),
  tasks: z.array(
    z.looseObject({
      task_id: z.string(),
      status: z.enum(taskStatuses),
      prediction: predictionSchema.optional(),
    }),
  ),
});

export const cancelledSchema = z.looseObject({ task_id: z.string(), status: z.enum(taskStatuses) });

export const retriedSchema = cancelledSchema.extend({ retry_of: z.string(), prediction: predictionSchema });

export const taskListSchema = z.looseObject({
  tasks: z.array(
    z.looseObject({
      task_id: z.string(),
      status: z.enum(taskStatuses),
      type: z.string(),
      priority: z.int(),
      summary: z.string().describe('The first 100 characters of the prompt.'),
      error: z.string().nullable(),
      worker_id: z.string().nullable(),
      created_at: z.string(),
      updated_at: z.string(),
    }),
  ),
  total: z.int(),
  next_cursor: z.string().nullable(),
});

export const workersSchema = z.looseObject({
  workers: z.array(
    z.looseObject({
      worker_id: z.string(),
      status: z.string().describe('idle, busy or offline.'),
      admission: z.string(),
      location: z.string(),
      model: z.string().nullable(),
      current_tasks: z.array(z.string()),
      max_concurrent_tasks: z.int(),
      tasks_completed: z.int(),
      tasks_failed: z.int(),
    }),
  ),
});

const rateSchema = z.looseObject({
  type: z.string(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  success_rate: z.number().nullable(),
  mean_run_ms: z.number().nullable(),
});

export const statsSchema = z.looseObject({
  state: z.string().describe('Of the pool: running, paused, draining, …'),
  workers: z.looseObject({}),
  tasks: z.looseObject({
    pending: z.int(),
    in_progress: z.int(),
    completed: z.int(),
    failed: z.int(),
    cancelled: z.int(),
  }),
  waiting: z.array(z.looseObject({ priority: z.int(), type: z.string(), count: z.int() })),
  window: z.looseObject({ since: z.string(), until: z.string() }),
  success_rate: z.number().nullable(),
  success_by_type: z.array(rateSchema),
  durations: z.looseObject({}),
  tokens: z.looseObject({}),
});

/** @throws KoubouError `task.unknown` for what cannot be an id, too */
export function taskIdNamed(text: string): TaskId {
  const id = parseTaskId(text);
  if (id !== undefined) return id;
  throw new KoubouError('task.unknown', 'there is no such task; ids look like task_20261122_101500_123456_…');
}
