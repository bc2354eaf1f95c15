import { z } from 'zod';
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { configSchema, dryRunReportSchema, dryRunSchema } from './dry-run-schemas.ts';
import { invalid, json, refusals, refused, tags, unavailable } from './openapi-parts.ts';
import {
  poolSchema,
  poolStateSchema,
  reloadSchema,
  retryReportSchema,
  vacuumSchema,
  workerSchema,
  workersSchema,
} from './operating-schemas.ts';
import { reportQuery, reportSchema } from './report-schemas.ts';
import { retrySchema } from './retry-request.ts';
import { sentSignalSchema, signalRequestSchema } from './signal-schemas.ts';

const ofWorker = { path: z.object({ id: z.string().meta({ example: 'local_001' }) }) };
const unknown: ZodOpenApiResponsesObject = { 404: refused('There is no such worker.') };

/** What operators do with the pool, its workers, and what has failed. */
export function operatingPaths(): ZodOpenApiPathsObject {
  return {
    ...poolPaths(),
    ...workerPaths(),
    ...signalPaths(),
    ...retryPaths(),
    ...configPaths(),
    ...reportPaths(),
    ...storagePaths(),
  };
}

function poolPaths(): ZodOpenApiPathsObject {
  const turn = (summary: string): ZodOpenApiOperationObject => ({
    tags: [tags.operating],
    summary,
    responses: { 200: { description: 'It is on disk.', ...json(poolStateSchema) }, ...unavailable },
  });
  return {
    '/pool': {
      get: {
        tags: [tags.operating],
        summary: 'The pool at a glance',
        responses: { 200: { description: 'The pool.', ...json(poolSchema) } },
      },
    },
    '/metrics': {
      get: {
        tags: [tags.operating],
        summary: 'Figures for Prometheus',
        responses: {
          200: { description: 'Its text format.', content: { 'text/plain': { schema: z.string() } } },
        },
      },
    },
    '/pool/pause': { post: turn('Hand nothing out; go on accepting, also after a restart') },
    '/pool/resume': { post: turn('Hand out again') },
    '/pool/reload': {
      post: {
        tags: [tags.operating],
        summary: 'Take over what the configuration files say now: as a whole or not at all',
        responses: {
          200: { description: 'What has changed.', ...json(reloadSchema) },
          400: refused('The files are wrong; the message names each line. Nothing was changed.'),
          ...unavailable,
        },
      },
    },
  };
}

function workerPaths(): ZodOpenApiPathsObject {
  const list: ZodOpenApiOperationObject = {
    tags: [tags.operating],
    summary: 'Workers',
    responses: { 200: { description: 'Workers.', ...json(workersSchema) } },
  };
  const ordered = (summary: string): ZodOpenApiOperationObject => ({
    tags: [tags.operating],
    summary,
    requestParams: ofWorker,
    responses: {
      200: { description: 'The worker; what was asked for is on disk.', ...json(workerSchema) },
      409: refused('As it is now, this cannot be asked of it.'),
      ...unknown,
      ...unavailable,
    },
  });
  return {
    '/workers': { get: list },
    '/workers/status': { get: list },
    '/workers/{id}': {
      get: {
        tags: [tags.operating],
        summary: 'One worker',
        requestParams: ofWorker,
        responses: { 200: { description: 'The worker.', ...json(workerSchema) }, ...unknown },
      },
    },
    '/workers/{id}/drain': { post: ordered('Give it nothing more; what it has, it ends') },
    '/workers/{id}/rest': { post: ordered('Give it nothing until the load asks for it') },
    '/workers/{id}/resume': { post: ordered('Give it work again, even after a quarantine') },
    '/workers/{id}/breaker/close': { post: ordered('Call its endpoint again, whatever its breaker says') },
  };
}

function signalPaths(): ZodOpenApiPathsObject {
  return {
    '/actors/{actor}/events': {
      post: {
        tags: [tags.operating],
        summary: 'Send an event to one actor; it is recorded as the fact `actor.signalled`',
        requestParams: { path: z.object({ actor: z.string().meta({ example: 'worker:local_001' }) }) },
        requestBody: { required: true, ...json(signalRequestSchema) },
        responses: {
          200: { description: 'It was sent, and that is on disk.', ...json(sentSignalSchema) },
          400: refused('It may not be sent by hand, or was not confirmed; the message says why.'),
          404: refused('No such actor lives.'),
          409: refused('It would not take this now; the message says what it would.'),
          ...unavailable,
        },
      },
    },
  };
}

function configPaths(): ZodOpenApiPathsObject {
  return {
    '/config': {
      get: {
        tags: [tags.operating],
        summary: 'The configuration in force; secrets are `***`',
        responses: { 200: { description: 'Its settings as in the files.', ...json(configSchema) } },
      },
    },
    '/config/dry-run': {
      post: {
        tags: [tags.operating],
        summary: 'Which recent tasks would have gone elsewhere under another workers.yaml; changes nothing',
        requestBody: { required: true, ...json(dryRunSchema) },
        responses: {
          200: { description: 'What is wrong with it, or what would differ.', ...json(dryRunReportSchema) },
          ...refusals,
        },
      },
    },
  };
}

function reportPaths(): ZodOpenApiPathsObject {
  return {
    '/report': {
      get: {
        tags: [tags.operating],
        summary: 'A report of the workshop, every figure from the running system',
        requestParams: { query: reportQuery },
        responses: {
          200: {
            description: 'Markdown with Mermaid; the same as data with `format=json`.',
            content: {
              'text/markdown': { schema: z.string() },
              'application/json': { schema: reportSchema },
            },
          },
          ...invalid,
        },
      },
    },
  };
}

function storagePaths(): ZodOpenApiPathsObject {
  return {
    '/db/vacuum': {
      post: {
        tags: [tags.operating],
        summary: 'Give the free space of the database back to the disk, in slices beside everything else',
        responses: { 200: { description: 'It is done.', ...json(vacuumSchema) }, ...unavailable },
      },
    },
  };
}

function retryPaths(): ZodOpenApiPathsObject {
  return {
    '/tasks/retry': {
      post: {
        tags: [tags.operating],
        summary: 'Try ended tasks again, as new ones; those that were tried again before are left out',
        requestBody: { required: true, ...json(retrySchema) },
        responses: {
          200: { description: 'With `dry_run`: what would be tried again.', ...json(retryReportSchema) },
          202: { description: 'The new tasks are on disk.', ...json(retryReportSchema) },
          ...refusals,
        },
      },
    },
  };
}
