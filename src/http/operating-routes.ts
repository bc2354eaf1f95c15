import type { Context, Hono } from 'hono';
import type { Runtime } from '../runtime.ts';

const by = 'rest';

/** What operators do: the pool as a whole, and one worker of it. Nothing of it needs a body. */
export function operatingRoutes(app: Hono, runtime: Runtime): void {
  poolRoutes(app, runtime);
  workerRoutes(app, runtime);
}

function poolRoutes(app: Hono, runtime: Runtime): void {
  app.get('/pool', (c) => c.json(runtime.poolView()));
  for (const verb of ['pause', 'resume'] as const) {
    app.post(`/pool/${verb}`, async (c) => {
      await runtime[verb]();
      return c.json({ state: runtime.readiness().pool });
    });
  }
  app.post('/pool/reload', async (c) => c.json(await runtime.reload()));
}

function workerRoutes(app: Hono, runtime: Runtime): void {
  const list = (c: Context) => c.json({ workers: runtime.workers() });
  app.get('/workers', list);
  // Before the next one: the list keeps its older name, whatever a worker is called.
  app.get('/workers/status', list);
  app.get('/workers/:id', (c) => c.json(runtime.worker(c.req.param('id'))));
  for (const order of ['drain', 'rest', 'resume'] as const) {
    app.post(`/workers/:id/${order}`, async (c) =>
      c.json(await runtime.order(c.req.param('id') ?? '', order, by)),
    );
  }
  app.post('/workers/:id/breaker/close', async (c) => c.json(await runtime.closeBreaker(c.req.param('id'))));
}
