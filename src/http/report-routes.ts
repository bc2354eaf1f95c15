import type { Hono } from 'hono';
import { writeReport } from '../runtime/report.ts';
import { markdownOf } from '../runtime/report-markdown.ts';
import type { Runtime } from '../runtime.ts';
import { reportQuery } from './report-schemas.ts';
import { check } from './request-body.ts';

/** The report of the workshop: Markdown, or the same as data. */
export function reportRoutes(app: Hono, runtime: Runtime): void {
  app.get('/report', async (c) => {
    const { lang: language, hours, zone, format } = check(reportQuery, c.req.query());
    const report = await writeReport(runtime, { language, hours, zone });
    if (format === 'json') return c.json(report);
    return c.body(markdownOf(report), 200, { 'content-type': 'text/markdown; charset=utf-8' });
  });
}
