import type { Hono } from 'hono';
import { z } from 'zod';
import type { Runtime } from '../../runtime.ts';
import { check } from '../request-body.ts';
import { cappedCount } from './log-entry.ts';

const queueRows = 20;
const hourMs = 3_600_000;
const hoursMax = 720;

const summarySchema = z.object({
  hours: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number')
    .optional()
    .transform((text) => (text === undefined ? 24 : Number(text)))
    .pipe(z.int().min(1).max(hoursMax)),
});
const durationsSchema = z.object({ limit: cappedCount(10, 100) });

/** What a board shows beside the logs: the workers, the queue, and figures of what was done. */
export function boardRoutes(app: Hono, runtime: Runtime, now: () => number): void {
  app.get('/api/workers/status', async (c) => {
    const workers = runtime.workers().toSorted(byPlace);
    const taskIds = workers.flatMap(({ current_task }) => current_task ?? []);
    const heads = taskIds.length === 0 ? {} : await runtime.list({ kind: 'promptHeads', taskIds });
    return c.json({
      status: 'success',
      workers: workers.map((worker) => ({
        ...worker,
        current_task_content: worker.current_task === null ? null : (heads[worker.current_task] ?? null),
      })),
    });
  });

  app.get('/api/tasks/queue', async (c) => {
    const queue = await runtime.list({ kind: 'queue', limit: queueRows, nowMs: now() });
    return c.json({ status: 'success', ...queue });
  });

  app.get('/api/metrics/summary', async (c) => {
    const { hours } = check(summarySchema, c.req.query());
    const summary = await runtime.list({ kind: 'metrics', nowMs: now(), windowMs: hours * hourMs });
    return c.json({ status: 'success', ...summary });
  });

  app.get('/api/metrics/durations', async (c) => {
    const { limit } = check(durationsSchema, c.req.query());
    return c.json({ status: 'success', durations: await runtime.list({ kind: 'durations', limit }) });
  });
}

interface Placed {
  readonly location: string;
  readonly worker_id: string;
}

/** Local ones before remote ones, and by name among them, as in the original. */
function byPlace(a: Placed, b: Placed): number {
  if (a.location !== b.location) return a.location < b.location ? -1 : 1;
  return a.worker_id < b.worker_id ? -1 : 1;
}
