import { KoubouError } from '../../machines/errors.ts';
import { parseTaskId, type TaskId } from '../../machines/identifiers.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import type { Runtime } from '../../runtime.ts';
import { check } from '../request-body.ts';
import type { DelegationSchemas } from '../task-schemas.ts';
import { specOf } from '../task-specs.ts';
import { atLeast, refused } from './refusals.ts';
import { taskNamed, taskOfView } from './task-fields.ts';

const createdBy = 'graphql';
const hourMs = 3_600_000;

interface TaskInput {
  readonly type: string;
  readonly prompt: string;
  readonly priority?: number | null;
  readonly files?: readonly string[] | null;
  readonly options?: unknown;
  readonly sync?: boolean | null;
}

/** What the door tells of the request: its end, as far as there is one. */
export interface RequestContext {
  readonly request?: { readonly signal?: AbortSignal };
}

/** The resolvers of mutations of tasks. A refusal is an answer: `success: false`, and why. */
export function taskMutations(runtime: Runtime, schemas: () => DelegationSchemas) {
  const answer = async (id: string | null, act: () => Promise<object>): Promise<object> => {
    try {
      return await act();
    } catch (error) {
      const task = id === null ? null : taskNamed(runtime, id);
      return { ...refused(error), taskId: id, task: task && taskOfView(task) };
    }
  };
  return {
    submitTask: (_: unknown, { input }: { input: TaskInput }, { request }: RequestContext) =>
      answer(null, () => submit(runtime, schemas(), input, request?.signal)),
    cancelTask: (_: unknown, { id }: { id: string }) =>
      answer(id, async () => accepted(await runtime.cancel(idOf(id)), 'cancelled')),
    retryTask: (_: unknown, { id }: { id: string }) =>
      answer(id, async () => {
        const task = await runtime.retry(idOf(id), createdBy);
        return accepted(task, `tries ${id} again as ${task.task_id}`);
      }),
    updateTaskPriority: (_: unknown, { id, priority }: { id: string; priority: number }) =>
      answer(id, async () => {
        const task = await runtime.reprioritize(idOf(id), checkPriority(priority));
        return accepted(task, `has priority ${priority} now`);
      }),
    clearCompletedTasks: (_: unknown, { olderThanHours }: { olderThanHours?: number | null }) => {
      const hours = atLeast('olderThanHours', olderThanHours ?? 24, 0);
      return runtime.housekeeping.forgetCompleted(Date.now() - hours * hourMs);
    },
  };
}

async function submit(
  runtime: Runtime,
  schemas: DelegationSchemas,
  input: TaskInput,
  signal: AbortSignal | undefined,
) {
  const body = check(schemas.one, { ...input, created_by: createdBy });
  const { taskIds } = await runtime.delegate([specOf(body, Date.now())]);
  const taskId = taskIds[0] as TaskId;
  if (body.sync !== true) return accepted(runtime.task(taskId), 'accepted; it is on disk');
  const task = await runtime.wait(taskId, runtime.config.server.syncWaitMs, signal);
  if (task.ended_at === null) return accepted(task, 'accepted; it goes on, ask for it later');
  if (task.status === 'completed') return accepted(task, 'completed');
  return { ...accepted(task, task.result?.error ?? task.status), success: false };
}

function accepted(task: TaskView, message: string) {
  return { success: true, taskId: task.task_id, message, task: taskOfView(task) };
}

/** @throws KoubouError `request.invalid` */
function checkPriority(priority: number): number {
  if (priority >= 1 && priority <= 10) return priority;
  throw new KoubouError('request.invalid', 'priority: must be 1 to 10');
}

/** @throws KoubouError `task.unknown` for what cannot be an id, too */
function idOf(text: string): TaskId {
  const id = parseTaskId(text);
  if (id === undefined) {
    throw new KoubouError(
      'task.unknown',
      'there is no such task; ids look like task_20261122_101500_123456_…',
    );
  }
  return id;
}
