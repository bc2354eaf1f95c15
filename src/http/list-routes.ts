import type { Hono } from 'hono';
import type { Runtime } from '../runtime.ts';
import { check } from './request-body.ts';
import { shortListQuery, taskListQuery } from './task-schemas.ts';

/** Lists of tasks. */
export function listRoutes(app: Hono, runtime: Runtime): void {
  app.get('/tasks', async (c) => {
    const { status, limit, offset, cursor } = check(taskListQuery, c.req.query());
    const before = cursor ?? null;
    return c.json(
      await runtime.list({ kind: 'page', status: status ?? null, limit, offset: offset ?? 0, before }),
    );
  });

  for (const kind of ['pending', 'active', 'completed'] as const) {
    app.get(`/tasks/${kind}`, async (c) => {
      const { limit } = check(shortListQuery, c.req.query());
      return c.json(await runtime.list({ kind, limit }));
    });
  }
}
