import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponsesObject } from 'zod-openapi';
import {
  acceptedSchema,
  type DelegationSchemas,
  endedSchema,
  errorSchema,
  shortListQuery,
  taskListQuery,
  taskSchema,
} from './task-schemas.ts';

const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });
const anyObject = z.looseObject({});
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

const tags = { tasks: 'Tasks 仕事', lists: 'Lists 一覧', health: 'Health 状態' } as const;

const invalid = {
  400: { description: 'The request is wrong; the message says where.', ...json(errorSchema) },
};
const refusals: ZodOpenApiResponsesObject = {
  ...invalid,
  401: { description: 'A token is asked for.', ...json(errorSchema) },
  413: { description: 'The body is too large.', ...json(errorSchema) },
  429: { description: 'Too much at once; see Retry-After.', ...json(errorSchema) },
  503: { description: 'Nothing is accepted now; see Retry-After.', ...json(errorSchema) },
};
const unknown: ZodOpenApiResponsesObject = {
  404: { description: 'There is no such task.', ...json(errorSchema) },
};

/** The description of the REST interface, from the schemas that validate it. */
export function openApiDocument({ one, many }: DelegationSchemas, version: string): object {
  const task = {
    tags: [tags.tasks],
    summary: 'One task',
    ...ofTask,
    responses: { 200: { description: 'The task.', ...json(taskSchema) }, ...unknown },
  };
  const shortList = (summary: string): ZodOpenApiOperationObject => ({
    tags: [tags.lists],
    summary,
    requestParams: { query: shortListQuery },
    responses: { 200: { description: 'Rows.', ...json(z.array(anyObject)) }, ...invalid },
  });
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Koubou',
      version,
      description:
        'Hands LLM work to a pool of workers. What is acknowledged is on disk.\n\n' +
        'LLM の仕事をワーカーのプールに渡します。受け付けた仕事は必ずディスクに残ります。',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: [
      { name: tags.tasks, description: 'Hand in, watch, cancel · 仕事を渡す、見守る、取り消す' },
      { name: tags.lists, description: 'What waits, runs and is done · 待ち、実行中、完了の一覧' },
      { name: tags.health, description: 'Whether it runs · 動作の確認' },
    ],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{}, { token: [] }],
    paths: {
      '/task/delegate': {
        post: {
          tags: [tags.tasks],
          summary: 'Hand in a task',
          requestParams: { header: idempotencyKey },
          requestBody: { required: true, ...json(one) },
          responses: {
            200: { description: 'With `sync`: it has ended.', ...json(endedSchema) },
            202: { description: 'It is on disk, and will be done.', ...json(acceptedSchema) },
            409: { description: 'The key was used for another request.', ...json(errorSchema) },
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
      '/task/{id}': {
        get: task,
        delete: {
          tags: [tags.tasks],
          summary: 'Cancel a task',
          ...ofTask,
          responses: {
            200: { description: 'It is cancelled: nothing of it starts later.', ...json(acceptedSchema) },
            409: { description: 'It has ended already; that stands.', ...json(errorSchema) },
            ...unknown,
          },
        },
      },
      '/task/{id}/status': { get: task },
      '/task/status/{id}': { get: task },
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
      '/tasks': {
        get: {
          tags: [tags.lists],
          summary: 'Tasks, newest first',
          requestParams: { query: taskListQuery },
          responses: { 200: { description: 'A page.', ...json(anyObject) }, ...invalid },
        },
      },
      '/tasks/pending': { get: shortList('What waits, in the order in which it is handed out') },
      '/tasks/active': { get: shortList('What runs, then what waits') },
      '/tasks/completed': { get: shortList('What was completed last') },
      '/workers/status': {
        get: {
          tags: [tags.lists],
          summary: 'Workers',
          responses: { 200: { description: 'Workers.', ...json(anyObject) } },
        },
      },
      '/health': {
        get: {
          tags: [tags.health],
          summary: 'It runs',
          responses: { 200: { description: 'It runs.', ...json(anyObject) } },
        },
      },
      '/healthz': {
        get: {
          tags: [tags.health],
          summary: 'It runs',
          responses: { 200: { description: 'It runs.', ...json(anyObject) } },
        },
      },
      '/readyz': {
        get: {
          tags: [tags.health],
          summary: 'It accepts tasks, or why not',
          responses: {
            200: { description: 'It does.', ...json(anyObject) },
            503: { description: 'It does not; `reasons` says why.', ...json(anyObject) },
          },
        },
      },
    },
  });
}
