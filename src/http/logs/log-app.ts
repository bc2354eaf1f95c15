import type { Hono } from 'hono';
import { systemClock } from '../../actors/clock.ts';
import type { Runtime } from '../../runtime.ts';
import { type AppLog, doorApp } from '../door-app.ts';
import { boardRoutes } from './board-routes.ts';
import { factRoutes } from './fact-routes.ts';
import { logRoutes } from './log-routes.ts';
import { logStreamRoutes } from './log-stream.ts';
import { runRoutes } from './run-routes.ts';

/**
 * The Log API of a runtime: what boards read. Each reply is `{"status": "success", …}` or `{"status": "error",
 * "message"}`. It never listens: the server gives it a port, a test gives it requests.
 *
 * @param now epoch ms, the end of every window
 */
export function createLogApp(runtime: Runtime, log: AppLog, now = () => systemClock.now()): Hono {
  const app = doorApp(runtime, {
    log,
    what: 'a request of the Log API',
    bodyOf: ({ message }) => ({ status: 'error', message }),
    nothingAt: (method) => `there is nothing at ${method} here`,
  });
  logRoutes(app, runtime, now);
  logStreamRoutes(app, runtime);
  boardRoutes(app, runtime, now);
  runRoutes(app, runtime, now);
  factRoutes(app, runtime);
  return app;
}
