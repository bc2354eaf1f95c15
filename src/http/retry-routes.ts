import type { Hono } from 'hono';
import { KoubouError } from '../machines/errors.ts';
import type { Runtime } from '../runtime.ts';
import { check, readJson } from './request-body.ts';
import { retryFields, retryFilterOf, retrySchema, retryWayOf } from './retry-request.ts';
import { warningsOf } from './unknown-fields.ts';

/** Ended tasks by the many: tried again, or only counted. */
export function retryRoutes(app: Hono, runtime: Runtime): void {
  app.post('/tasks/retry', async (c) => {
    const body = check(retrySchema, await readJson(c));
    const way = retryWayOf(body);
    const warned = warningsOf(body, retryFields);
    // A misspelt condition is one that does not hold anything back.
    if (!way.dryRun && warned.warnings !== undefined) {
      throw new KoubouError('request.invalid', `nothing was tried again: ${warned.warnings.join('; ')}`);
    }
    const report = await runtime.operations.retryMany(retryFilterOf(body), way);
    return c.json({ ...report, ...warned }, way.dryRun ? 200 : 202);
  });
}
