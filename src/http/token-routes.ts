import type { Hono } from 'hono';
import { z } from 'zod';
import { accessLimits } from '../machines/access-limits.ts';
import { scopes } from '../machines/scopes.ts';
import type { Runtime } from '../runtime.ts';
import { requireScope } from './access-caller.ts';
import { check, readJson } from './request-body.ts';

export const newTokenSchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(accessLimits.tokenNameCharsMax)
      // It is shown in lists and logs, one line each.
      .regex(/^\P{C}*$/u, 'must be one line of printable characters')
      .describe('For people: who or what uses it.'),
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length).describe('What it is good for.'),
    expires_at: z.iso.datetime({ offset: true }).nullish().describe('Until when; never by default.'),
  })
  .meta({ id: 'NewToken', example: { name: 'ci', scopes: ['submit'], expires_at: null } });

export const tokenSchema = z
  .object({
    token_id: z.string().meta({ example: 'tok_0123456789ab' }),
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    created_at: z.string(),
    last_used_at: z.string().nullable(),
    expires_at: z.string().nullable(),
    revoked_at: z.string().nullable(),
  })
  .meta({ id: 'Token' });

/** The stored tokens: for administrators alone. What a token is stands in one answer, and in no log. */
export function tokenRoutes(app: Hono, { tokens }: Pick<Runtime, 'tokens'>): void {
  app.get('/tokens', (c) => {
    requireScope(c, 'admin');
    return c.json({ tokens: tokens.list() });
  });
  app.post('/tokens', async (c) => {
    requireScope(c, 'admin');
    const { name, scopes, expires_at } = check(newTokenSchema, await readJson(c));
    const expiresAtMs = expires_at ? Date.parse(expires_at) : null;
    const { token, view } = tokens.create({ name, scopes, expiresAtMs });
    c.header('Cache-Control', 'no-store');
    return c.json({ ...view, token }, 201);
  });
  app.delete('/tokens/:id', (c) => {
    requireScope(c, 'admin');
    return c.json(tokens.revoke(c.req.param('id')));
  });
}
