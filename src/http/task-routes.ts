import type { Context, Hono } from 'hono';
import { KoubouError } from '../machines/errors.ts';
import { parseTaskId, type TaskId } from '../machines/identifiers.ts';
import type { TaskView } from '../runtime/task-view.ts';
import type { Runtime } from '../runtime.ts';
import { idempotencyOf } from './idempotency.ts';
import { check, readJson } from './request-body.ts';
import { type Delegation, type DelegationSchemas, taskChange, taskQuery } from './task-schemas.ts';
import { delegationFields, specOf } from './task-specs.ts';
import { warningsOf } from './unknown-fields.ts';

/** Of a bulk, so many are answered with when they are expected to end; the others tell it when they are asked. */
const bulkPredictionsMax = 100;

/**
 * Single tasks: hand in, look at, cancel, try again.
 *
 * @param schemas of the configuration in force
 */
export function taskRoutes(app: Hono, runtime: Runtime, schemas: () => DelegationSchemas): void {
  app.post('/task/delegate', async (c) => {
    const sent = await readJson(c);
    const body = check(schemas().one, sent);
    const { taskIds, replayed } = await runtime.delegate([specOf(body, Date.now())], idempotencyOf(c, sent));
    const taskId = taskIds[0] as TaskId;
    if (replayed) c.header('Idempotency-Replayed', 'true');
    if (body.sync === true) {
      const waitMs = body.wait ? body.wait * 1_000 : runtime.config.server.syncWaitMs;
      const task = await runtime.wait(taskId, waitMs, c.req.raw.signal);
      if (task.ended_at !== null) return c.json(endedBody(task, body));
      return accepted(c, task, body);
    }
    if (replayed) return accepted(c, runtime.task(taskId), body);
    const prediction = runtime.prediction(taskId);
    return accepted(c, { task_id: taskId, status: 'pending', prediction }, body);
  });

  app.post('/tasks/delegate', async (c) => {
    const sent = await readJson(c);
    const { tasks } = check(schemas().many, sent);
    const nowMs = Date.now();
    const specs = tasks.map((task) => specOf(task, nowMs));
    const { taskIds, replayed } = await runtime.delegate(specs, idempotencyOf(c, sent));
    if (replayed) c.header('Idempotency-Replayed', 'true');
    const tasksTaken = taskIds.map((task_id, place) => {
      const taken = { task_id, status: 'pending' };
      if (replayed || place >= bulkPredictionsMax) return taken;
      return { ...taken, prediction: runtime.prediction(task_id) };
    });
    return c.json({ count: taskIds.length, tasks: tasksTaken }, 202);
  });

  const show = (c: Context) => {
    const { include } = check(taskQuery, c.req.query());
    const id = taskIdOf(c);
    const task = runtime.task(id);
    return c.json(include === undefined ? task : { ...task, attempt_list: runtime.attempts(id) });
  };
  app.get('/task/status/:id', show);
  app.get('/task/:id/status', show);
  app.get('/task/:id', show);
  app.get('/task/:id/attempts', (c) => c.json({ attempts: runtime.attempts(taskIdOf(c)) }));

  app.patch('/task/:id', async (c) => {
    const { priority } = check(taskChange, await readJson(c));
    return c.json(await runtime.reprioritize(taskIdOf(c), priority));
  });

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

function accepted(c: Context, task: Pick<TaskView, 'task_id' | 'status' | 'prediction'>, body: Delegation) {
  c.header('Location', `/task/${task.task_id}`);
  const { task_id, status, prediction } = task;
  const message = 'accepted; it is on disk';
  return c.json({ task_id, status, message, prediction, ...warningsOf(body, delegationFields) }, 202);
}

function endedBody(task: TaskView, body: Delegation) {
  const { success = false, output = '', error = null } = task.result ?? {};
  return { ...task, success, output, error, ...warningsOf(body, delegationFields) };
}
