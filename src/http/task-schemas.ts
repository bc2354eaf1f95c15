import { z } from 'zod';
import { limits } from '../machines/limits.ts';
import { taskStatuses } from '../machines/task-status.ts';
import { wireCodes } from './error-table.ts';

/** Text that can be stored and given back as it is: no NUL, and no half of a surrogate pair. */
export const text = z.string().refine((value) => !value.includes('\0') && !/\p{Surrogate}/u.test(value), {
  error: 'must not contain NUL or lone surrogates',
});

const seconds = (max: number) => z.number().positive().max(max);

const daySeconds = 86_400;
const delaySecondsMax = 366 * daySeconds;

/** `options`: the ones that steer Koubou, and any that Ollama knows; unknown ones are passed to the model. */
export const optionsSchema = z
  .looseObject({
    timeout: seconds(daySeconds).optional().meta({ description: 'Seconds that one attempt may take.' }),
    model: text.min(1).max(200).optional().meta({ description: "The model's name at the backend." }),
    retry_count: z
      .int()
      .min(0)
      .max(20)
      .optional()
      .meta({ description: 'Further tries after a transient failure.' }),
    cache: z.boolean().optional().meta({
      description: '`false` has the answer generated although the same was answered before.',
      default: true,
    }),
    temperature: z.number().min(0).max(5).optional(),
    num_ctx: z.int().min(1).max(10_000_000).optional(),
    num_predict: z.int().min(-2).max(10_000_000).optional(),
    top_p: z.number().min(0).max(1).optional(),
    top_k: z.int().min(0).optional(),
    repeat_penalty: z.number().optional(),
    seed: z.int().optional(),
    stop: z.union([text, z.array(text).max(64)]).optional(),
  })
  .meta({ id: 'TaskOptions', example: { timeout: 120, temperature: 0.2 } });

const prompt = text
  .max(limits.promptCharsMax)
  .refine((value) => value.trim() !== '', { error: 'must not be empty' });

/** `POST /task/delegate`. `content` and `task_type` are the older names of `prompt` and `type`; both work. */
function delegateSchema(taskTypes: readonly string[]) {
  const type = z
    .string()
    .refine((value) => value === 'code' || taskTypes.includes(value), {
      error: `must be one of ${taskTypes.join(', ')}`,
    })
    .meta({ description: `One of ${taskTypes.join(', ')}; \`code\` means \`code_generation\`.` });
  return z
    .looseObject({
      prompt: prompt.nullish().meta({ description: 'What is to be done.' }),
      content: prompt.nullish().meta({ description: 'Older name of `prompt`.' }),
      priority: z.int().min(1).max(10).nullish().meta({ description: '10 comes first.', default: 5 }),
      sync: z.boolean().nullish().meta({ description: 'Answer when it has ended.', default: false }),
      type: type.nullish(),
      task_type: type.nullish(),
      files: z.array(text.min(1).max(4_096)).max(1_000).nullish(),
      output_file: text
        .min(1)
        .max(1_024)
        .refine(isInside, { error: 'must be a relative path without ..' })
        .nullish(),
      options: optionsSchema.nullish(),
      delay: z
        .number()
        .min(0)
        .max(delaySecondsMax)
        .nullish()
        .meta({ description: 'Seconds until the earliest start.' }),
      run_at: z.iso.datetime({ offset: true }).nullish().meta({ description: 'Earliest start.' }),
      wait: seconds(limits.syncWaitMsMax / 1_000)
        .nullish()
        .meta({ description: 'Seconds that `sync` waits at most.' }),
      created_by: text.max(200).nullish(),
    })
    .refine((body) => (body.prompt ?? body.content ?? null) !== null, {
      error: 'prompt is missing',
      path: ['prompt'],
    })
    .meta({
      id: 'Delegation',
      example: { prompt: 'Write a haiku about workshops', type: 'general', priority: 5 },
    });
}

export type Delegation = z.output<ReturnType<typeof delegateSchema>>;

/** The schemas of what is handed in; they depend on the configured task types. */
export function delegationSchemas(taskTypes: readonly string[]) {
  const one = delegateSchema(taskTypes);
  const list = z.array(one).min(1).max(limits.bulkTasksMax);
  /** `POST /tasks/delegate`: the tasks alone, or under a name. */
  const many = z.preprocess(
    (body) => (Array.isArray(body) ? { tasks: body } : body),
    z.object({ tasks: list }),
  );
  return { one, many };
}

export type DelegationSchemas = ReturnType<typeof delegationSchemas>;

function isInside(path: string): boolean {
  return (
    !path.startsWith('/') &&
    !path.startsWith('\\') &&
    !/^[A-Za-z]:/.test(path) &&
    !path.split(/[\\/]/).includes('..')
  );
}

const resultSchema = z.object({
  success: z.boolean(),
  output: z.string(),
  error: z.string().nullable(),
  error_code: z.string().nullable(),
  usage: z.record(z.string(), z.unknown()).nullable(),
});

/** A task as `GET /task/:id` answers it. */
export const taskSchema = z
  .looseObject({
    task_id: z.string(),
    status: z.enum(taskStatuses),
    state: z.string(),
    type: z.string(),
    priority: z.int(),
    prompt: z.string(),
    result: resultSchema.nullable(),
    worker_id: z.string().nullable(),
    attempts: z.int(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'Task' });

export const acceptedSchema = z.looseObject({ task_id: z.string(), status: z.enum(taskStatuses) }).meta({
  id: 'Accepted',
  example: { task_id: 'task_20261122_101500_123456_9f2k7q0c4m1xa', status: 'pending', message: 'accepted' },
});

/** A sync answer: `output` stands at the top as well as in `result`. */
export const endedSchema = taskSchema
  .extend({ success: z.boolean(), output: z.string(), error: z.string().nullable() })
  .meta({ id: 'EndedTask' });

export const errorSchema = z
  .object({
    error: z.object({
      code: z.enum(wireCodes),
      message: z.string(),
      details: z.record(z.string(), z.unknown()),
    }),
  })
  .meta({
    id: 'Error',
    example: { error: { code: 'INVALID_REQUEST', message: 'priority: must be at most 10', details: {} } },
  });

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);

/** `?limit=`, with the default of the original. */
const limitParam = wholeNumber
  .pipe(z.int().min(1).max(limits.pageRowsMax))
  .optional()
  .transform((value) => value ?? 10);

/** `PATCH /task/:id`. */
export const taskChange = z
  .strictObject({ priority: z.int().min(1).max(10).meta({ description: '10 comes first.' }) })
  .meta({ id: 'TaskChange', example: { priority: 9 } });

/** `GET /task/:id`. */
export const taskQuery = z.object({
  include: z
    .enum(['attempts'])
    .optional()
    .meta({ description: '`attempts` adds them as `attempt_list`; `attempts` itself is their number.' }),
});

export const shortListQuery = z.object({ limit: limitParam });
