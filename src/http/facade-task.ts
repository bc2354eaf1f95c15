import type { Context } from 'hono';
import { KoubouError } from '../machines/errors.ts';
import type { TaskId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import type { TaskSpec } from '../runtime/delegation.ts';
import type { TaskView } from '../runtime/task-view.ts';
import type { Runtime } from '../runtime.ts';
import { ToldText } from './facade-text.ts';
import type { FacadeWishes } from './facade-wishes.ts';

/**
 * Delegates what a client of a model's own interface asks for, and says in the headers which task it is. It is on disk
 * when this resolves.
 *
 * @throws KoubouError as {@link Runtime.delegate}
 */
export async function acceptFacadeTask(
  c: Context,
  runtime: Runtime,
  spec: Omit<TaskSpec, 'priority' | 'taskType' | 'files' | 'outputFile' | 'runAtMs'>,
  { priority, taskType, idempotency }: FacadeWishes,
): Promise<TaskId> {
  const whole: TaskSpec = { ...spec, priority, taskType, files: [], outputFile: null, runAtMs: null };
  const { taskIds, replayed } = await runtime.delegate([whole], idempotency);
  const taskId = taskIds[0] as TaskId;
  c.header('X-Koubou-Task-Id', taskId);
  c.header('Location', `/task/${taskId}`);
  if (replayed) c.header('Idempotency-Replayed', 'true');
  return taskId;
}

/** Who waits for a task, and how. */
export interface FacadeClient {
  /** Aborted when the client goes away: its task is cancelled then, unless it is detached. */
  readonly gone: AbortSignal;
  readonly detach: boolean;
  /** Told the text of the answer as it comes, if anybody wants it so. */
  readonly onText?: (text: string) => void;
}

/**
 * Waits for the end of a task, and tells its text as it is generated. A text that was told cannot be taken back: where an
 * attempt fails after that, what the next one repeats is left out, and an answer that differs ends the telling. Who is
 * told nothing before the end never learns of that. With `onText` all of the output has been told when this resolves.
 *
 * @returns the task as it ended: completed, failed or cancelled
 * @throws KoubouError `worker.unavailable` when the text that was told is no longer that of the answer; `pool.draining`
 * when the server stops, `wait.timeout` after `limits.syncWaitMsMax` and when the client has gone: the task is on record,
 * and goes on if nobody cancelled it; `rate.limited` when too many wait
 */
export async function endOfFacadeTask(
  runtime: Runtime,
  taskId: TaskId,
  { gone, detach, onText }: FacadeClient,
): Promise<TaskView> {
  const broken = new AbortController();
  const told = onText === undefined ? null : new ToldText(onText, () => broken.abort());
  let unfollow: () => void = () => undefined;
  try {
    if (told !== null && !gone.aborted) {
      unfollow = runtime.follow(
        taskId,
        { seq: 0, offset: 0 },
        { onEvent: () => undefined, onText: (piece) => told.hear(piece), onEnd: () => undefined },
      );
    }
    const signal = AbortSignal.any([gone, broken.signal]);
    const task = await runtime.wait(taskId, limits.syncWaitMsMax, signal);
    if (task.ended_at !== null) {
      if (task.status === 'completed') told?.end(task.result?.output ?? '');
      if (broken.signal.aborted) throw brokenAnswer(taskId);
      return task;
    }
    if (gone.aborted) throw late(taskId, 'the client has gone');
    throw broken.signal.aborted ? brokenAnswer(taskId) : unended(runtime, taskId);
  } catch (error) {
    const isUnheard = gone.aborted || (error instanceof KoubouError && error.code === 'rate.limited');
    if (isUnheard && !detach) await cancelled(runtime, taskId);
    throw error;
  } finally {
    unfollow();
  }
}

/** Nobody waits for it any more; one that has just ended stays as it is. */
async function cancelled(runtime: Runtime, taskId: TaskId): Promise<void> {
  try {
    await runtime.cancel(taskId);
  } catch (error) {
    if (!(error instanceof KoubouError)) throw error;
  }
}

function unended(runtime: Runtime, taskId: TaskId): KoubouError {
  const { pool } = runtime.readiness();
  if (pool === 'running' || pool === 'paused') return late(taskId, 'it takes longer than a request may wait');
  const message = `the server is stopping; ${taskId} is kept and goes on at the next start`;
  return new KoubouError('pool.draining', message, { details: { task_id: taskId }, retryAfterMs: 5_000 });
}

function late(taskId: TaskId, why: string): KoubouError {
  return new KoubouError('wait.timeout', `${why}; ask GET /task/${taskId} how it ends`, {
    details: { task_id: taskId },
  });
}

function brokenAnswer(taskId: TaskId): KoubouError {
  return new KoubouError(
    'worker.unavailable',
    `the attempt failed after a part of its answer was told, and the next one answers otherwise; GET /task/${taskId} has the whole answer in the end`,
    { details: { task_id: taskId } },
  );
}
