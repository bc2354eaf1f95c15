import type { Hono } from 'hono';
import type { Runtime } from '../runtime.ts';

/** What Prometheus scrapes. A token is asked for as everywhere else: names of workers and models are nobody's business. */
export function metricsRoutes(app: Hono, runtime: Runtime): void {
  app.get('/metrics', async (c) => {
    const { metrics } = runtime;
    return c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType });
  });
}
