import { z } from 'zod';
import { taskTypeNamed } from '../config/task-types.ts';
import { limits } from '../machines/limits.ts';
import { searchLimits } from '../machines/search-limits.ts';
import { taskStatuses } from '../machines/task-status.ts';
import { shortListQuery, taskSchema, text } from './task-schemas.ts';

const orders = ['newest', 'oldest', 'priority'] as const;
const moment = z.iso.datetime({ offset: true });
const priority = z.int().min(1).max(10);
const name = text.min(1).max(200);
const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);
const priorityParam = wholeNumber.pipe(priority);

/** What narrows a list of tasks down. */
const narrowing = {
  text: text
    .min(1)
    .max(searchLimits.textCharsMax)
    .meta({ description: 'Stands somewhere in the prompt; capitals of ASCII are as good as small letters.' }),
  type: name.meta({ description: 'Their task type.' }),
  worker: name.meta({ description: 'Who holds them, or held them last.' }),
  accepted_since: moment.meta({ description: 'Accepted at this moment or later.' }),
  accepted_until: moment.meta({ description: 'Accepted at this moment or before.' }),
};

/** `GET /tasks`. */
export const taskListQuery = z.object({
  status: z.enum(taskStatuses).optional(),
  text: narrowing.text.optional(),
  type: narrowing.type.optional(),
  worker: narrowing.worker.optional(),
  priority_min: priorityParam.optional(),
  priority_max: priorityParam.optional(),
  accepted_since: narrowing.accepted_since.optional(),
  accepted_until: narrowing.accepted_until.optional(),
  sort: z
    .enum(orders)
    .optional()
    .meta({ description: 'By acceptance; or by priority, the older first among equals.', default: 'newest' }),
  brief: z
    .stringbool()
    .optional()
    .meta({ description: '`true` leaves out `content`, `prompt` and `result`; `summary` tells what it is.' }),
  limit: shortListQuery.shape.limit,
  offset: wholeNumber.pipe(z.int().max(1_000_000)).optional(),
  cursor: z
    .string()
    .regex(/^(?:\d{1,2}\.)?\d{1,15}$/, 'must be the next_cursor of the page before')
    .optional()
    .meta({ description: '`next_cursor` of the page before; cheaper than a deep offset.' }),
});

type TaskListQuery = z.output<typeof taskListQuery>;

interface Narrowing {
  readonly text?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly worker?: string | null | undefined;
  readonly priority_min?: number | null | undefined;
  readonly priority_max?: number | null | undefined;
  readonly accepted_since?: string | null | undefined;
  readonly accepted_until?: string | null | undefined;
}

/** Whether more is asked than a status, which is found without a search. */
export function isSearch(query: TaskListQuery): boolean {
  return query.sort !== undefined || Object.keys(filterOf(query)).length > 0;
}

/** What a request narrows down, but for the status. */
export function filterOf(asked: Narrowing) {
  return withoutAbsent({
    text: asked.text,
    type: asked.type && taskTypeNamed(asked.type),
    assignedTo: asked.worker,
    priorityMin: asked.priority_min,
    priorityMax: asked.priority_max,
    acceptedFromMs: msOf(asked.accepted_since),
    acceptedToMs: msOf(asked.accepted_until),
  });
}

/** A page of tasks. */
export const taskPageSchema = z
  .looseObject({
    tasks: z.array(
      z.looseObject(taskSchema.pick({ task_id: true, status: true, type: true, priority: true }).shape),
    ),
    total: z.int().nullable().meta({ description: 'null for a search: what is not shown is not counted.' }),
    next_cursor: z.string().nullable().meta({ description: 'null when nothing is left.' }),
    partial: z
      .boolean()
      .optional()
      .meta({ description: 'The search ran out of time before the page was full: ask on with next_cursor.' }),
  })
  .meta({ id: 'TaskPage' });

/** `GET /queue`. */
export const queueSchema = z
  .looseObject({
    tiers: z.array(
      z.looseObject({
        priority,
        waiting: z.int(),
        oldest_task_id: z.string(),
        oldest_at: z.string(),
        newest_task_id: z.string(),
        finish: z
          .object({ p50: z.string(), p90: z.string() })
          .nullable()
          .meta({ description: 'When the last one of them is expected to be done.' }),
      }),
    ),
  })
  .meta({ id: 'Queue' });

const cancelFields = z.looseObject({
  status: z
    .enum(['pending', 'in_progress'])
    .nullish()
    .meta({ description: 'Those that wait, or those that run; both without it.' }),
  text: narrowing.text.nullish(),
  type: narrowing.type.nullish(),
  worker: narrowing.worker.nullish(),
  priority_min: priority.nullish(),
  priority_max: priority.nullish(),
  accepted_since: narrowing.accepted_since.nullish(),
  accepted_until: narrowing.accepted_until.nullish(),
  limit: z
    .int()
    .min(1)
    .max(limits.bulkTasksMax)
    .nullish()
    .meta({ description: 'So many at most, those first that were accepted first.', default: 100 }),
  dry_run: z.boolean().nullish().meta({ description: 'Only tell how many.', default: false }),
  all: z.boolean().nullish().meta({ description: 'Needed where nothing narrows it down.', default: false }),
});

export const cancelFieldNames = Object.keys(cancelFields.shape);

/** `POST /tasks/cancel`. What is `null` counts as not sent. */
export const cancelSchema = cancelFields
  .refine((body) => body.dry_run === true || body.all === true || Object.keys(filterOf(body)).length > 0, {
    error:
      'this would cancel everything: narrow it down (text, type, worker, priority_min, priority_max, ' +
      'accepted_since, accepted_until), look first with "dry_run": true, or send "all": true',
  })
  .meta({ id: 'CancelRequest', example: { type: 'translation', dry_run: true } });

export const cancelReportSchema = z
  .looseObject({
    found: z.int().meta({ description: 'How many there are, whatever the limit.' }),
    is_whole: z.boolean().meta({ description: 'false: there are at least so many; counting took too long.' }),
    cancelled: z.array(z.string()).meta({ description: 'Their ids; empty for a dry run.' }),
    ended_before: z.int().meta({ description: 'So many were over before they could be cancelled.' }),
    sample: z.array(z.string()).meta({ description: 'For a dry run: the first that would be cancelled.' }),
    warnings: z.array(z.string()).optional(),
  })
  .meta({ id: 'CancelReport' });

function msOf(at: string | null | undefined): number | undefined {
  return at ? Date.parse(at) : undefined;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> };

function withoutAbsent<T extends object>(fields: T): Present<T> {
  const present = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(present) as Present<T>;
}
