import type { Context } from 'hono';
import { KoubouError } from '../../machines/errors.ts';
import type { TaskId } from '../../machines/identifiers.ts';
import type { ModelRequest } from '../../machines/model-request.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import type { Runtime } from '../../runtime.ts';
import type { FacadeFailure } from '../facade-failure.ts';
import { isNobodysModel, modelAskedFor } from '../facade-models.ts';
import { acceptFacadeTask, endOfFacadeTask } from '../facade-task.ts';
import { type FacadeWishes, wishesOf } from '../facade-wishes.ts';

/** What every request that becomes a task says. */
interface AskingBody {
  readonly model?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined;
}

/** What is asked of a model. */
export interface AskedOfModel {
  readonly prompt: string;
  readonly request?: ModelRequest;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A task that is on disk. */
export interface AskedTask {
  readonly taskId: TaskId;
  readonly detach: FacadeWishes['detach'];
}

/**
 * Delegates what is asked, unless nobody has the model.
 *
 * @param sent the body as it was sent
 * @throws KoubouError as {@link acceptFacadeTask} and {@link wishesOf}
 */
export async function askedTask(
  c: Context,
  runtime: Runtime,
  { sent, body, asked }: { readonly sent: unknown; readonly body: AskingBody; readonly asked: AskedOfModel },
): Promise<AskedTask | FacadeFailure> {
  const wishes = wishesOf(c, runtime, sent, body.metadata ?? {});
  const model = modelAskedFor(body.model);
  if (model !== null && isNobodysModel(runtime, model)) return unknownModel(model);
  const taskId = await acceptFacadeTask(c, runtime, { ...asked, createdBy: 'openai' }, wishes);
  return { taskId, detach: wishes.detach };
}

/** That nobody has a model, and where it is said who has which. */
export function unknownModel(model: string): FacadeFailure {
  return {
    status: 404,
    code: 'model.unknown',
    message: `The model ${JSON.stringify(model)} is not there: GET /v1/models lists those that are, and "koubou" lets the pool choose.`,
  };
}

/** Waits for the end of a task for a client that is told nothing before. @throws KoubouError as {@link endOfFacadeTask} */
export async function endOfTask(
  c: Context,
  runtime: Runtime,
  taskId: TaskId,
  detach: boolean,
): Promise<TaskView> {
  try {
    return await endOfFacadeTask(runtime, taskId, { gone: c.req.raw.signal, detach });
  } catch (error) {
    // The task goes on: another try would be a second one.
    if (error instanceof KoubouError && error.code === 'wait.timeout') c.header('x-should-retry', 'false');
    throw error;
  }
}
