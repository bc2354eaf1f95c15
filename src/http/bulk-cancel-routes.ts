import type { Hono } from 'hono';
import { KoubouError } from '../machines/errors.ts';
import { cancelMany } from '../runtime/bulk-cancel.ts';
import type { Runtime } from '../runtime.ts';
import { check, readJson } from './request-body.ts';
import { cancelFieldNames, cancelSchema, filterOf } from './task-list-schemas.ts';
import { warningsOf } from './unknown-fields.ts';

const limitDefault = 100;

/** Tasks that have not ended, by the many: cancelled, or only counted. */
export function bulkCancelRoutes(app: Hono, runtime: Runtime): void {
  app.post('/tasks/cancel', async (c) => {
    const body = check(cancelSchema, await readJson(c));
    const dryRun = body.dry_run ?? false;
    const warned = warningsOf(body, cancelFieldNames);
    // A misspelt condition is one that does not hold anything back.
    if (!dryRun && warned.warnings !== undefined) {
      throw new KoubouError('request.invalid', `nothing was cancelled: ${warned.warnings.join('; ')}`);
    }
    const statuses = body.status ? [body.status] : (['pending', 'in_progress'] as const);
    const report = await cancelMany(
      runtime,
      { filter: filterOf(body), statuses },
      { limit: body.limit ?? limitDefault, dryRun },
    );
    return c.json({ ...report, ...warned });
  });
}
