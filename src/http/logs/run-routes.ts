import type { Hono } from 'hono';
import { z } from 'zod';
import type { Runtime } from '../../runtime.ts';
import { check } from '../request-body.ts';
import { cappedCount } from './log-entry.ts';

const minuteMs = 60_000;
/** A day. */
const minutesMax = 1_440;
const runsMax = 2_000;

const runsSchema = z.object({ minutes: cappedCount(60, minutesMax), limit: cappedCount(500, runsMax) });

/** What ran where, for a chart of lanes. */
export function runRoutes(app: Hono, runtime: Runtime, now: () => number): void {
  app.get('/api/runs', async (c) => {
    const { minutes, limit } = check(runsSchema, c.req.query());
    const untilMs = now();
    const sinceMs = untilMs - minutes * minuteMs;
    const found = await runtime.list({ kind: 'runs', sinceMs, limit });
    const window = { since: new Date(sinceMs).toISOString(), until: new Date(untilMs).toISOString() };
    return c.json({ status: 'success', window, ...found });
  });
}
