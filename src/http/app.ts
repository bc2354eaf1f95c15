import type { Hono } from 'hono';
import type { KoubouError } from '../machines/errors.ts';
import type { Runtime } from '../runtime.ts';
import { version } from '../version.ts';
import { bulkCancelRoutes } from './bulk-cancel-routes.ts';
import { madeOfConfig } from './config-in-force.ts';
import { docsRoutes } from './docs-routes.ts';
import { type AppLog, doorApp } from './door-app.ts';
import { dryRunRoutes } from './dry-run-routes.ts';
import { errorBody } from './error-table.ts';
import { eventRoutes } from './event-stream.ts';
import { healthRoutes } from './health-routes.ts';
import { listRoutes } from './list-routes.ts';
import { mcpRoutes } from './mcp/mcp-routes.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { ollamaRefusal } from './ollama-facade/ollama-refusals.ts';
import { ollamaRoutes } from './ollama-facade/ollama-routes.ts';
import { openAiRefusal } from './openai/openai-refusals.ts';
import { openAiRoutes } from './openai/openai-routes.ts';
import { openApiDocument } from './openapi.ts';
import { operatingRoutes } from './operating-routes.ts';
import { reportRoutes } from './report-routes.ts';
import { retryRoutes } from './retry-routes.ts';
import { signalRoutes } from './signal-routes.ts';
import { storageRoutes } from './storage-routes.ts';
import { taskRoutes } from './task-routes.ts';
import { delegationSchemas } from './task-schemas.ts';
import { tokenRoutes } from './token-routes.ts';

/** The REST interface of a runtime. It never listens: the server gives it a port, a test gives it requests. */
export function createApp(runtime: Runtime, log: AppLog): Hono {
  const app = doorApp(runtime, {
    log,
    what: 'a request',
    bodyOf: refusalBody,
    nothingAt: (method) => `there is nothing at ${method} here; see /docs`,
  });
  healthRoutes(app, runtime);
  const schemas = madeOfConfig(runtime, ({ taskTypes }) => delegationSchemas(taskTypes));
  taskRoutes(app, runtime, schemas);
  eventRoutes(app, runtime);
  listRoutes(app, runtime);
  retryRoutes(app, runtime);
  bulkCancelRoutes(app, runtime);
  operatingRoutes(app, runtime);
  signalRoutes(app, runtime);
  dryRunRoutes(app, runtime);
  reportRoutes(app, runtime);
  storageRoutes(app, runtime);
  tokenRoutes(app, runtime);
  metricsRoutes(app, runtime);
  mcpRoutes(app, runtime, log);
  ollamaRoutes(app, runtime, log);
  openAiRoutes(app, runtime, log);
  docsRoutes(
    app,
    madeOfConfig(runtime, () => openApiDocument(schemas(), version)),
  );
  return app;
}

/** Clients of others expect their own shape, whoever refuses: the locks in front know nothing of what stands behind. */
function refusalBody(refusal: KoubouError, path: string): object {
  if (path === '/v1' || path.startsWith('/v1/')) return openAiRefusal(refusal);
  if (path === '/api' || path.startsWith('/api/')) return ollamaRefusal(refusal);
  return errorBody(refusal);
}
