import { z } from 'zod';
import { reportLimits } from '../machines/report-limits.ts';
import type { Report } from '../runtime/report.ts';

/** `?lang&hours&zone&format`. */
export const reportQuery = z.object({
  lang: z.enum(['en', 'ja']).default('en'),
  hours: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number')
    .optional()
    .transform((text) => (text === undefined ? 24 : Number(text)))
    .pipe(z.int().min(1).max(reportLimits.hoursMax)),
  zone: z
    .string()
    .max(64)
    .default('UTC')
    .meta({ description: 'Zone in which times are written, as `Asia/Tokyo`.' }),
  format: z.enum(['markdown', 'json']).default('markdown'),
});

const texts = z.array(z.string());
const node = z.looseObject({
  id: z.string(),
  label: z.string(),
  shape: z.enum(['box', 'round', 'double', 'store']),
  column: z.int().meta({ description: 'How far from the beginning it stands.' }),
});
const block = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('text'), text: z.string() }),
  z.looseObject({ kind: z.literal('fields'), rows: z.array(z.tuple([z.string(), z.string()])) }),
  z.looseObject({ kind: z.literal('table'), head: texts, rows: z.array(texts), numeric: z.array(z.int()) }),
  z.looseObject({
    kind: z.literal('diagram'),
    title: z.string(),
    nodes: z.array(node),
    edges: z.array(z.looseObject({ from: z.string(), to: z.string(), label: z.string() })),
    source: z.string().meta({ description: 'The same in Mermaid.' }),
  }),
  z.looseObject({
    kind: z.literal('trend'),
    title: z.string(),
    unit: z.string(),
    labels: texts,
    values: z.array(z.number().nullable()),
  }),
]);

/** `GET /report?format=json`. */
export const reportSchema = z
  .looseObject({
    title: z.string(),
    about: z.string(),
    sections: z.array(z.looseObject({ id: z.string(), title: z.string(), blocks: z.array(block) })),
  })
  .meta({ id: 'Report' }) satisfies z.ZodType<Report, unknown>;
