import type { Hono } from 'hono';
import type { Runtime } from '../runtime.ts';

/** Whether it runs, and whether it is of use. */
export function healthRoutes(app: Hono, runtime: Runtime): void {
  app.get('/health', (c) =>
    c.json({ status: 'healthy', server: 'koubou-mcp', timestamp: new Date().toISOString() }),
  );
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', (c) => {
    const readiness = runtime.readiness();
    return c.json(readiness, readiness.ready ? 200 : 503);
  });
}
