import type { Context } from 'hono';
import type { TaskId } from '../../machines/identifiers.ts';
import type { AnswerFormat } from '../../machines/model-request.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import type { Runtime } from '../../runtime.ts';
import { type FacadeFailure, failureOf } from '../facade-failure.ts';
import { modelAskedFor } from '../facade-models.ts';
import { acceptFacadeTask } from '../facade-task.ts';
import { wishesOf } from '../facade-wishes.ts';
import { unreadableCall } from './ollama-answers.ts';
import type { Wish } from './ollama-wishes.ts';

/** What all requests that become tasks may say beside what they ask. */
export interface Sayings {
  readonly model: string;
  readonly options?: Readonly<Record<string, unknown>> | null | undefined;
  readonly keep_alive?: unknown;
  readonly think?: unknown;
  readonly format?: AnswerFormat | '' | null | undefined;
  readonly priority?: number | null | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface Accepted {
  readonly taskId: TaskId;
  /** It goes on when its client goes away. */
  readonly detach: boolean;
}

/**
 * Makes a task of a request.
 *
 * @param sent the body as it came
 * @throws KoubouError as {@link acceptFacadeTask}
 */
export async function acceptOllamaTask(
  c: Context,
  runtime: Runtime,
  wish: Wish,
  { sent, body }: { readonly sent: unknown; readonly body: Sayings },
): Promise<Accepted> {
  const { priority, metadata } = body;
  const wishes = wishesOf(c, runtime, sent, { ...metadata, ...(priority ? { priority } : {}) });
  const spec = { ...wish, options: optionsOf(body), createdBy: 'ollama' };
  return { taskId: await acceptFacadeTask(c, runtime, spec, wishes), detach: wishes.detach };
}

function optionsOf({ model, options, keep_alive, think, format }: Sayings): Record<string, unknown> {
  const beside = { model: modelAskedFor(model), format: format || null, keep_alive, think };
  const said = Object.entries(beside).filter(([, value]) => value !== null && value !== undefined);
  return { ...options, ...Object.fromEntries(said) };
}

/** Why there is no answer to be given; `null` when there is one. */
export function failureOfAnswer(task: TaskView): FacadeFailure | null {
  const call = unreadableCall(task.result?.reply ?? {});
  if (call === undefined) return failureOf(task);
  return {
    status: 502,
    code: 'backend.garbage',
    message: `the model called ${call.name} with arguments that are no JSON object; ask again, or another model`,
  };
}
