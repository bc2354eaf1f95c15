import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { securitySchemes, tokenPaths, withAccess } from './openapi-access.ts';
import { facadePaths } from './openapi-facades.ts';
import { operatingPaths } from './openapi-operating.ts';
import { anyObject, invalid, json, tags } from './openapi-parts.ts';
import { taskPaths } from './openapi-tasks.ts';
import { taskListQuery, taskPageSchema } from './task-list-schemas.ts';
import { type DelegationSchemas, shortListQuery } from './task-schemas.ts';

/** The description of the REST interface, from the schemas that validate it. */
export function openApiDocument(schemas: DelegationSchemas, version: string): object {
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
      { name: tags.operating, description: 'The pool and its workers · プールとワーカーの運用' },
      { name: tags.facades, description: 'For clients of others · 他のクライアント向け' },
      { name: tags.health, description: 'Whether it runs · 動作の確認' },
    ],
    components: { securitySchemes },
    security: [{}, { token: [] }],
    paths: withAccess({
      ...taskPaths(schemas),
      ...listPaths(),
      ...operatingPaths(),
      ...tokenPaths(),
      ...facadePaths(),
      ...healthPaths(),
    }),
  });
}

function listPaths(): ZodOpenApiPathsObject {
  const shortList = (summary: string): ZodOpenApiOperationObject => ({
    tags: [tags.lists],
    summary,
    requestParams: { query: shortListQuery },
    responses: { 200: { description: 'Rows.', ...json(z.array(anyObject)) }, ...invalid },
  });
  return {
    '/tasks': {
      get: {
        tags: [tags.lists],
        summary: 'Tasks, newest first; or those that are looked for',
        requestParams: { query: taskListQuery },
        responses: { 200: { description: 'A page.', ...json(taskPageSchema) }, ...invalid },
      },
    },
    '/tasks/pending': { get: shortList('What waits, in the order in which it is handed out') },
    '/tasks/active': { get: shortList('What runs, then what waits') },
    '/tasks/completed': { get: shortList('What was completed last') },
  };
}

function healthPaths(): ZodOpenApiPathsObject {
  const itRuns: ZodOpenApiOperationObject = {
    tags: [tags.health],
    summary: 'It runs',
    responses: { 200: { description: 'It runs.', ...json(anyObject) } },
  };
  return {
    '/health': { get: itRuns },
    '/healthz': { get: itRuns },
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
  };
}
