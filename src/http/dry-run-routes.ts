import type { Hono } from 'hono';
import { formatProblem } from '../config/problem.ts';
import { shownSettings } from '../runtime/shown-config.ts';
import type { Runtime } from '../runtime.ts';
import { dryRunSchema } from './dry-run-schemas.ts';
import { check, readJson } from './request-body.ts';

/** The configuration in force, and what another one would mean. Neither changes anything. */
export function dryRunRoutes(app: Hono, runtime: Runtime): void {
  app.get('/config', (c) =>
    c.json({
      version: runtime.poolView().config_version,
      settings: shownSettings(runtime.config),
      notices: runtime.config.notices,
    }),
  );

  app.post('/config/dry-run', async (c) => {
    const { workers_yaml } = check(dryRunSchema, await readJson(c));
    const { problems, ...found } = await runtime.operations.dryRun(workers_yaml);
    return c.json({
      ...found,
      problems: problems.map((problem) => ({ ...problem, text: formatProblem(problem) })),
    });
  });
}
