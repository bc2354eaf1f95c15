import type { Context, Hono } from 'hono';
import { KoubouError } from '../machines/errors.ts';
import { parseTaskId, type TaskId } from '../machines/identifiers.ts';
import type { TaskView } from '../runtime/task-view.ts';
import type { Runtime } from '../runtime.ts';
import { idempotencyOf } from './idempotency.ts';
import { check, readJson } from './request-body.ts';
import type { Delegation, DelegationSchemas } from './task-schemas.ts';
import { specOf, warningsOf } from './task-specs.ts';

/** Single tasks: hand in, look at, cancel, try again. */
export function taskRoutes(app: Hono, runtime: Runtime, { one, many }: DelegationSchemas): void {
  const { server } = runtime.config;

  app.post('/task/delegate', async (c) => {
    const sent = await readJson(c);
    const body = check(one, sent);
    const { taskIds, replayed } = await runtime.delegate([specOf(body, Date.now())], idempotencyOf(c, sent));
    const taskId = taskIds[0] as TaskId;
    if (replayed) c.header('Idempotency-Replayed', 'true');
    if (body.sync === true) {
      const waitMs = body.wait ? body.wait * 1_000 : server.syncWaitMs;
      const task = await runtime.wait(taskId, waitMs, c.req.raw.signal);
      if (task.ended_at !== null) return c.json(endedBody(task, body));
      return accepted(c, task, body);
    }
    return accepted(c, replayed ? runtime.task(taskId) : { task_id: taskId, status: 'pending' }, body);
  });

  app.post('/tasks/delegate', async (c) => {
    const sent = await readJson(c);
    const { tasks } = check(many, sent);
    const nowMs = Date.now();
    const specs = tasks.map((task) => specOf(task, nowMs));
    const { taskIds, replayed } = await runtime.delegate(specs, idempotencyOf(c, sent));
    if (replayed) c.header('Idempotency-Replayed', 'true');
    return c.json(
      { count: taskIds.length, tasks: taskIds.map((task_id) => ({ task_id, status: 'pending' })) },
      202,
    );
  });

  const show = (c: Context) => c.json(runtime.task(taskIdOf(c)));
  app.get('/task/status/:id', show);
  app.get('/task/:id/status', show);
  app.get('/task/:id', show);

  app.delete('/task/:id', async (c) => {
    const { task_id, status } = await runtime.cancel(taskIdOf(c));
    return c.json({ task_id, status });
  });

  app.post('/task/:id/retry', async (c) => {
    const id = taskIdOf(c);
    const { task_id, status } = await runtime.retry(id, 'rest');
    c.header('Location', `/task/${task_id}`);
    return c.json({ task_id, status, retry_of: id }, 202);
  });
}

/**
 * The task that a path names. What cannot be an id is answered like an id that is not known.
 *
 * @throws KoubouError `task.unknown`
 */
export function taskIdOf(c: Context): TaskId {
  const text = c.req.param('id') ?? '';
  const id = parseTaskId(text);
  if (id === undefined)
    throw new KoubouError(
      'task.unknown',
      'there is no such task; ids look like task_20261122_101500_123456_…',
    );
  return id;
}

function accepted(c: Context, task: Pick<TaskView, 'task_id' | 'status'>, body: Delegation) {
  c.header('Location', `/task/${task.task_id}`);
  const { task_id, status } = task;
  return c.json({ task_id, status, message: 'accepted; it is on disk', ...warned(body) }, 202);
}

function endedBody(task: TaskView, body: Delegation) {
  const { success = false, output = '', error = null } = task.result ?? {};
  return { ...task, success, output, error, ...warned(body) };
}

function warned(body: Delegation): { warnings?: readonly string[] } {
  const warnings = warningsOf(body);
  return warnings.length === 0 ? {} : { warnings };
}
