import type { Hono } from 'hono';
import { homePaths } from '../../db/home.ts';
import { KoubouError } from '../../machines/errors.ts';
import type { Runtime } from '../../runtime.ts';
import { check } from '../request-body.ts';
import { cappedCount, entryFilterSchema, type LogEntry, matches } from './log-entry.ts';
import { readLogs, readWorkerLog } from './log-reader.ts';

const recentSchema = entryFilterSchema.extend({ limit: cappedCount(100, 200) });
const tailLines = 50;
const rateWindowMs = 60_000;
/** Names that a worker may have without being configured any more: they are names of files as they are. */
const plainName = /^[\w.-]{1,200}$/;

/** What the logs say, as far as their ends are read; see `readLogs`. */
export function logRoutes(app: Hono, runtime: Runtime, now: () => number): void {
  const paths = homePaths(runtime.config.home);
  const workerIds = () => runtime.workers().map(({ worker_id }) => worker_id);

  app.get('/api/logs/recent', async (c) => {
    const { limit, ...filter } = check(recentSchema, c.req.query());
    const logs = (await readLogs(paths, workerIds())).filter((entry) => matches(filter, entry));
    return c.json({ status: 'success', logs: logs.slice(-limit), total: logs.length });
  });

  app.get('/api/logs/stats', async (c) => {
    const logs = await readLogs(paths, workerIds());
    const since = new Date(now() - rateWindowMs).toISOString();
    const recent = logs.filter(({ timestamp }) => timestamp > since);
    const stats = {
      total_entries: logs.length,
      by_type: countBy(logs, ({ type }) => type),
      by_worker: countBy(logs, ({ worker }) => worker),
      /** A second, over the last minute. */
      message_rate: recent.length / (rateWindowMs / 1_000),
    };
    return c.json({ status: 'success', stats });
  });

  app.get('/api/logs/tail/:worker_id', async (c) => {
    const id = c.req.param('worker_id');
    const isConfigured = workerIds().includes(id);
    const found = isConfigured || plainName.test(id) ? await readWorkerLog(paths, id, tailLines) : undefined;
    if (found === undefined && !isConfigured)
      throw new KoubouError('worker.unknown', 'there is no log of a worker of that name');
    return c.json({ status: 'success', worker_id: id, logs: found ?? [] });
  });
}

function countBy(logs: readonly LogEntry[], of: (entry: LogEntry) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const entry of logs) counts.set(of(entry), (counts.get(of(entry)) ?? 0) + 1);
  return Object.fromEntries(counts);
}
