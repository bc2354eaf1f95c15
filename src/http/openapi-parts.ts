/** What the descriptions of the routes share. */

import { z } from 'zod';
import type { ZodOpenApiResponsesObject } from 'zod-openapi';
import { errorSchema } from './task-schemas.ts';

export const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });
export const anyObject = z.looseObject({});
export const refused = (description: string) => ({ description, ...json(errorSchema) });

export const tags = {
  tasks: 'Tasks 仕事',
  lists: 'Lists 一覧',
  operating: 'Operating 運用',
  facades: 'OpenAI, Ollama 互換',
  health: 'Health 状態',
} as const;

export const invalid = { 400: refused('The request is wrong; the message says where.') };
export const unavailable = { 503: refused('It stops, or its disk does not write; see Retry-After.') };
export const refusals: ZodOpenApiResponsesObject = {
  ...invalid,
  401: refused('A token is asked for.'),
  413: refused('The body is too large.'),
  429: refused('Too much at once; see Retry-After.'),
  503: refused('Nothing is accepted now; see Retry-After.'),
};
