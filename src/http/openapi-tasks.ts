import { z } from 'zod';
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { anyObject, json, refusals, refused, tags } from './openapi-parts.ts';
import { attemptsSchema } from './operating-schemas.ts';
import { cancelReportSchema, cancelSchema, queueSchema } from './task-list-schemas.ts';
import {
  acceptedSchema,
  type DelegationSchemas,
  endedSchema,
  taskChange,
  taskQuery,
  taskSchema,
} from './task-schemas.ts';

const taskId = z.string().meta({ example: 'task_20261122_101500_123456_9f2k7q0c4m1xa' });
const ofTask = { requestParams: { path: z.object({ id: taskId }) } };
const idempotencyKey = z.object({
  'Idempotency-Key': z
    .string()
    .optional()
    .meta({ description: 'The same key and body give the same task; another body is refused with 409.' }),
});
const lastEventId = z.object({
  'Last-Event-ID': z.string().optional().meta({ description: 'Go on right behind this event.' }),
});
const unknown: ZodOpenApiResponsesObject = { 404: refused('There is no such task.') };

/** How tasks are handed in, looked at and ended. */
export function taskPaths(schemas: DelegationSchemas): ZodOpenApiPathsObject {
  return { ...delegationPaths(schemas), ...manyPaths(), ...singlePaths() };
}

function delegationPaths({ one, many }: DelegationSchemas): ZodOpenApiPathsObject {
  return {
    '/task/delegate': {
      post: {
        tags: [tags.tasks],
        summary: 'Hand in a task',
        requestParams: { header: idempotencyKey },
        requestBody: { required: true, ...json(one) },
        responses: {
          200: { description: 'With `sync`: it has ended.', ...json(endedSchema) },
          202: { description: 'It is on disk, and will be done.', ...json(acceptedSchema) },
          409: refused('The key was used for another request.'),
          ...refusals,
        },
      },
    },
    '/tasks/delegate': {
      post: {
        tags: [tags.tasks],
        summary: 'Hand in up to 1,000 tasks: all or none',
        requestParams: { header: idempotencyKey },
        requestBody: { required: true, ...json(many) },
        responses: { 202: { description: 'All are on disk.', ...json(anyObject) }, ...refusals },
      },
    },
  };
}

function manyPaths(): ZodOpenApiPathsObject {
  return {
    '/tasks/cancel': {
      post: {
        tags: [tags.operating],
        summary: 'Cancel tasks that have not ended, by the many',
        requestBody: { required: true, ...json(cancelSchema) },
        responses: {
          200: {
            description: 'It is on disk; with `dry_run`, what would be cancelled.',
            ...json(cancelReportSchema),
          },
          ...refusals,
        },
      },
    },
    '/queue': {
      get: {
        tags: [tags.operating],
        summary: 'What waits, by priority: how long, and when the last of it will be done',
        responses: { 200: { description: 'The queue.', ...json(queueSchema) } },
      },
    },
  };
}

function singlePaths(): ZodOpenApiPathsObject {
  const task: ZodOpenApiOperationObject = {
    tags: [tags.tasks],
    summary: 'One task',
    requestParams: { ...ofTask.requestParams, query: taskQuery },
    responses: { 200: { description: 'The task.', ...json(taskSchema) }, ...unknown },
  };
  return {
    '/task/{id}': {
      get: task,
      patch: {
        tags: [tags.tasks],
        summary: 'Give a task another priority',
        ...ofTask,
        requestBody: { required: true, ...json(taskChange) },
        responses: {
          200: {
            description: 'It has its new place. One that runs goes on; its next attempt counts.',
            ...json(taskSchema),
          },
          409: refused('It has ended already; that stands.'),
          ...unknown,
          ...refusals,
        },
      },
      delete: {
        tags: [tags.tasks],
        summary: 'Cancel a task',
        ...ofTask,
        responses: {
          200: { description: 'It is cancelled: nothing of it starts later.', ...json(acceptedSchema) },
          409: refused('It has ended already; that stands.'),
          ...unknown,
        },
      },
    },
    '/task/{id}/status': { get: task },
    '/task/status/{id}': { get: task },
    '/task/{id}/attempts': {
      get: {
        tags: [tags.tasks],
        summary: 'Who had a task, why, and what came of it',
        ...ofTask,
        responses: {
          200: { description: 'Its attempts, the first first.', ...json(attemptsSchema) },
          ...unknown,
        },
      },
    },
    '/task/{id}/retry': {
      post: {
        tags: [tags.tasks],
        summary: 'Try an ended task again, as a new one',
        ...ofTask,
        responses: {
          202: { description: 'The new task.', ...json(acceptedSchema) },
          ...unknown,
          ...refusals,
        },
      },
    },
    '/task/{id}/events': {
      get: {
        tags: [tags.tasks],
        summary: 'Watch a task: its facts, its text, its end',
        requestParams: { ...ofTask.requestParams, header: lastEventId },
        responses: {
          200: {
            description: 'Events named like their facts, `token` for text, `end` with the task.',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...unknown,
        },
      },
    },
  };
}
