import { z } from 'zod';
import { trialLimits } from '../machines/trial-limits.ts';
import type { DryRun } from '../runtime/dry-run.ts';

/** What is tried: a `workers.yaml` as text. */
export const dryRunSchema = z
  .strictObject({
    workers_yaml: z
      .string()
      .min(1, 'is empty; paste a workers.yaml')
      .max(trialLimits.workersTextCharsMax, `may have ${trialLimits.workersTextCharsMax} characters`)
      .meta({ description: 'The text of a workers.yaml, as it would stand on disk.' }),
  })
  .meta({ id: 'DryRunRequest' });

/** `GET /config`. */
export const configSchema = z
  .looseObject({
    version: z.int(),
    settings: z.array(z.looseObject({ path: z.string(), value: z.unknown() })),
    notices: z.array(z.string()),
  })
  .meta({ id: 'Configuration' });

const place = z
  .looseObject({
    worker_id: z.string().nullable().meta({ description: '`null` when it waits, or fits nowhere.' }),
    model: z.string().nullable(),
    outcome: z.enum(['placed', 'reserve', 'waits', 'unfit']),
    rule: z.string().nullable(),
    refusals: z.record(z.string(), z.string()).meta({ description: 'Of each other worker, why not.' }),
  })
  .meta({ id: 'Place' });
const problem = z.looseObject({
  file: z.string(),
  line: z.int().nullable(),
  column: z.int().nullable(),
  path: z.string(),
  fault: z.string(),
  expected: z.string(),
  found: z.string(),
  hint: z.string().nullable(),
});
const count = z.int().min(0);

/** What a trial of a configuration answers. */
export const dryRunReportSchema = z
  .looseObject({
    valid: z.boolean(),
    problems: z.array(problem).meta({ description: 'With `text`, the problem as one line.' }),
    changes: z.array(z.string()),
    considered: count.meta({ description: 'Recent decisions that were made again, on idle workers.' }),
    moved: count,
    moves: z.array(
      z.looseObject({
        task_id: z.string(),
        assignment_id: z.int(),
        assigned_at: z.string(),
        type: z.string(),
        priority: z.int(),
        had: z.looseObject({ worker_id: z.string(), model: z.string().nullable(), rule: z.string() }),
        before: place,
        after: place,
      }),
    ),
    workers: z.array(z.looseObject({ worker_id: z.string(), before: count, after: count })),
  })
  .meta({ id: 'DryRun' }) satisfies z.ZodType<DryRun, unknown>;
