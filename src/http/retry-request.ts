import { z } from 'zod';
import { taskTypeNamed } from '../config/task-types.ts';
import { limits } from '../machines/limits.ts';
import { searchLimits } from '../machines/search-limits.ts';
import type { RetryFilter } from '../runtime/operation.ts';
import { text } from './task-schemas.ts';

const limitDefault = 100;
const priority = z.int().min(1).max(10);
const moment = z.iso.datetime({ offset: true });

const fields = z.looseObject({
  status: z
    .enum(['failed', 'cancelled'])
    .nullish()
    .meta({ description: 'How they ended.', default: 'failed' }),
  type: text.min(1).max(200).nullish().meta({ description: 'Their task type.' }),
  worker: text.min(1).max(200).nullish().meta({ description: 'Who held them last.' }),
  error_code: z
    .string()
    .max(100)
    .regex(/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.\*)?$/, {
      error: 'must be a code such as backend.busy, or a group of them such as backend.*',
    })
    .nullish()
    .meta({ description: 'A code, or a group of them.', example: 'backend.*' }),
  priority_min: priority.nullish(),
  priority_max: priority.nullish(),
  since: moment.nullish().meta({ description: 'They ended at this moment or later.' }),
  until: moment.nullish().meta({ description: 'They ended at this moment or before.' }),
  created_by: text.min(1).max(200).nullish().meta({ description: 'Who handed them in.' }),
  text: text
    .min(1)
    .max(searchLimits.textCharsMax)
    .nullish()
    .meta({ description: 'Stands somewhere in the prompt.' }),
  accepted_since: moment.nullish().meta({ description: 'They were accepted at this moment or later.' }),
  accepted_until: moment.nullish().meta({ description: 'They were accepted at this moment or before.' }),
  limit: z
    .int()
    .min(1)
    .max(limits.bulkTasksMax)
    .nullish()
    .meta({ description: 'So many at most, those first that were accepted first.', default: limitDefault }),
  dry_run: z.boolean().nullish().meta({ description: 'Only tell which.', default: false }),
  all: z
    .boolean()
    .nullish()
    .meta({ description: 'Needed where nothing but `status` narrows it down.', default: false }),
});

/** `POST /tasks/retry`: which ended tasks are to be tried again. What is `null` counts as not sent. */
export const retrySchema = fields
  .refine((body) => (body.priority_min ?? 1) <= (body.priority_max ?? 10), {
    error: 'must not be above priority_max',
    path: ['priority_min'],
  })
  .refine(({ since, until }) => !since || !until || Date.parse(since) <= Date.parse(until), {
    error: 'must not be later than until',
    path: ['since'],
  })
  .refine((body) => body.dry_run === true || body.all === true || Object.keys(narrowingOf(body)).length > 0, {
    error:
      'this would try everything again: narrow it down (type, worker, error_code, priority_min, priority_max, ' +
      'since, until, created_by, text, accepted_since, accepted_until), look first with "dry_run": true, or send "all": true',
  })
  .meta({ id: 'RetryRequest', example: { error_code: 'backend.*', dry_run: true } });

type RetryRequest = z.output<typeof fields>;

export const retryFields = Object.keys(fields.shape);

/** Which tasks a request means. */
export function retryFilterOf(body: RetryRequest): RetryFilter {
  return { status: body.status ?? 'failed', ...narrowingOf(body) };
}

/** How a request is to be carried out. */
export function retryWayOf({ limit, dry_run }: RetryRequest) {
  return { limit: limit ?? limitDefault, dryRun: dry_run ?? false, createdBy: 'rest' };
}

function narrowingOf(body: RetryRequest) {
  return withoutAbsent({
    type: body.type && taskTypeNamed(body.type),
    worker: body.worker,
    errorCode: body.error_code,
    priorityMin: body.priority_min,
    priorityMax: body.priority_max,
    endedFromMs: msOf(body.since),
    endedToMs: msOf(body.until),
    createdBy: body.created_by,
    text: body.text,
    acceptedFromMs: msOf(body.accepted_since),
    acceptedToMs: msOf(body.accepted_until),
  });
}

function msOf(moment: string | null | undefined): number | undefined {
  return moment ? Date.parse(moment) : undefined;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> };

function withoutAbsent<T extends object>(fields: T): Present<T> {
  const present = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(present) as Present<T>;
}
