import { z } from 'zod';
import type { ZodOpenApiPathsObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { openPaths, scopesFor } from './access-routes.ts';
import { invalid, json, refused, tags, unavailable } from './openapi-parts.ts';
import { newTokenSchema, tokenSchema } from './token-routes.ts';

/** What administrators do with tokens. */
export function tokenPaths(): ZodOpenApiPathsObject {
  return {
    '/tokens': {
      get: {
        tags: [tags.operating],
        summary: 'Stored tokens, without what is secret of them',
        responses: {
          200: { description: 'Tokens.', ...json(z.object({ tokens: z.array(tokenSchema) })) },
        },
      },
      post: {
        tags: [tags.operating],
        summary: 'Make a token; it is shown in this answer, and never again',
        requestBody: { required: true, ...json(newTokenSchema) },
        responses: {
          201: { description: 'It holds from now on.', ...json(tokenSchema.extend({ token: z.string() })) },
          ...invalid,
          ...unavailable,
        },
      },
    },
    '/tokens/{id}': {
      delete: {
        tags: [tags.operating],
        summary: 'Revoke a token, and end all connections that were opened with it',
        requestParams: { path: z.object({ id: z.string().meta({ example: 'tok_0123456789ab' }) }) },
        responses: {
          200: { description: 'It is over.', ...json(tokenSchema) },
          404: refused('There is no such token.'),
          ...unavailable,
        },
      },
    },
  };
}

/** How a token is presented. */
export const securitySchemes = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description:
      'KOUBOU_API_TOKEN, or a token of `koubou token create`. It is asked for once there is one; until then only this machine is served. Scopes: submit, read, admin (both of them and more), worker.',
  },
} as const;

interface Operation {
  readonly responses?: ZodOpenApiResponsesObject;
}

/** The same paths, each operation with the scopes that it takes, from the table that the server itself looks at. */
export function withAccess(paths: ZodOpenApiPathsObject): ZodOpenApiPathsObject {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item ?? {}).map(([method, operation]) => [
          method,
          guardedOperation(method.toUpperCase(), path, operation as Operation),
        ]),
      ),
    ]),
  );
}

function guardedOperation(method: string, path: string, operation: Operation): object {
  if (openPaths.has(path)) return { ...operation, security: [] };
  const scopes = scopesFor(method, path);
  return {
    ...operation,
    security: [{}, ...scopes.map((scope) => ({ token: [scope] }))],
    responses: {
      ...operation.responses,
      401: refused('A token is asked for, and none came, or a wrong one.'),
      403: refused(`The token lacks the scope ${scopes.join(' or ')}, or a page of another site asks.`),
      429: refused('Too much at once; see Retry-After.'),
    },
  };
}
