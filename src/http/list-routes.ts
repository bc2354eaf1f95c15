import type { Hono } from 'hono';
import { KoubouError } from '../machines/errors.ts';
import { parseTaskId } from '../machines/identifiers.ts';
import type { Runtime } from '../runtime.ts';
import { check } from './request-body.ts';
import { filterOf, isSearch, taskListQuery } from './task-list-schemas.ts';
import { shortListQuery } from './task-schemas.ts';

type ListQuery = ReturnType<typeof taskListQuery.parse>;

/** Lists of tasks. */
export function listRoutes(app: Hono, runtime: Runtime): void {
  app.get('/tasks', async (c) => {
    const query = check(taskListQuery, c.req.query());
    const page = await (isSearch(query) ? search(runtime, query) : plainPage(runtime, query));
    return c.json(query.brief ? briefly(page) : page);
  });

  for (const kind of ['pending', 'active', 'completed'] as const) {
    app.get(`/tasks/${kind}`, async (c) => {
      const { limit } = check(shortListQuery, c.req.query());
      return c.json(await runtime.list({ kind, limit }));
    });
  }

  app.get('/queue', async (c) => c.json({ tiers: await tiersOf(runtime) }));
}

type Page = Awaited<ReturnType<typeof search>> | Awaited<ReturnType<typeof plainPage>>;

/** For lists of many thousands, where what stands in a row is all that is shown. */
function briefly({ tasks, ...rest }: Page): object {
  return { tasks: tasks.map(({ content: _, prompt: __, result: ___, ...row }) => row), ...rest };
}

function plainPage(runtime: Runtime, { status, limit, offset = 0, cursor }: ListQuery) {
  const before = cursorOf(cursor, false)?.seq ?? null;
  return runtime.list({ kind: 'page', status: status ?? null, limit, offset, before });
}

async function search(runtime: Runtime, query: ListQuery) {
  const { status, sort: order = 'newest', limit, offset } = query;
  if (offset !== undefined) {
    throw new KoubouError('request.invalid', 'offset: a search has no offsets; go on with next_cursor');
  }
  const filter = { ...filterOf(query), ...(status === undefined ? {} : { status }) };
  const cursor = cursorOf(query.cursor, order === 'priority');
  const { tasks, next, isPartial } = await runtime.list({ kind: 'search', filter, order, cursor, limit });
  const next_cursor =
    next === null ? null : [...(next.priority === null ? [] : [next.priority]), next.seq].join('.');
  return { tasks, total: null, next_cursor, ...(isPartial ? { partial: true } : {}) };
}

/** @throws KoubouError `request.invalid` for a cursor of another order */
function cursorOf(text: string | undefined, hasTier: boolean) {
  if (text === undefined) return null;
  if (text.includes('.') !== hasTier) {
    throw new KoubouError(
      'request.invalid',
      'cursor: it belongs to a list of another order; begin anew without it',
    );
  }
  const [seq = 0, priority = null] = text.split('.').map(Number).reverse();
  return { priority, seq };
}

/** What waits for a worker, by priority: how long, and when the last of it will be done. */
async function tiersOf(runtime: Runtime) {
  const tiers = await runtime.list({ kind: 'tiers' });
  const { waiting } = runtime.poolView();
  return tiers.map(({ priority, oldest, newestTaskId }) => ({
    priority,
    waiting: waiting.reduce((sum, tier) => sum + (tier.priority === priority ? tier.count : 0), 0),
    oldest_task_id: oldest.taskId,
    oldest_at: oldest.createdAt,
    newest_task_id: newestTaskId,
    finish: finishOf(runtime, newestTaskId),
  }));
}

/** `null` where nothing is known of it, or it has gone meanwhile. */
function finishOf(runtime: Runtime, id: string) {
  const taskId = parseTaskId(id);
  if (taskId === undefined) return null;
  try {
    return runtime.task(taskId).prediction?.finish ?? null;
  } catch (error) {
    if (error instanceof KoubouError && error.code === 'task.unknown') return null;
    throw error;
  }
}
