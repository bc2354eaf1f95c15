import type { Context } from 'hono';
import { KoubouError } from '../../machines/errors.ts';
import type { TaskId } from '../../machines/identifiers.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import type { Runtime } from '../../runtime.ts';
import type { AppLog } from '../door-app.ts';
import { failureOf } from '../facade-failure.ts';
import { poolModel } from '../facade-models.ts';
import { shownRefusal } from '../facade-refusals.ts';
import { facadeStream } from '../facade-stream.ts';
import { endOfFacadeTask } from '../facade-task.ts';
import { type AnswerHead, answeringModel, headOf, usageOf } from './answer-parts.ts';
import { endOfTask } from './asked-task.ts';
import { openAiFailure, openAiRefusal, refuseFor } from './openai-refusals.ts';
import type { GeneratedBody } from './openai-schemas.ts';

/** How an endpoint writes down what was generated: the choice of an answer, and the choices of its chunks. */
export interface AnswerShape {
  readonly prefix: 'chatcmpl' | 'cmpl';
  readonly object: string;
  readonly objectOfChunks: string;
  readonly whole: (task: TaskView) => object;
  readonly opening: () => readonly object[];
  readonly text: (text: string) => object;
  readonly ending: (task: TaskView) => readonly object[];
}

/** Whose answer is written down. */
export interface AskedText {
  readonly taskId: TaskId;
  readonly body: GeneratedBody;
  readonly detach: boolean;
  readonly shape: AnswerShape;
  readonly log: AppLog;
}

/** The whole answer, when the task has ended. @throws KoubouError as {@link endOfFacadeTask} */
export async function wholeAnswer(c: Context, runtime: Runtime, asked: AskedText): Promise<Response> {
  const task = await endOfTask(c, runtime, asked.taskId, asked.detach);
  const failure = failureOf(task);
  if (failure !== null) return refuseFor(c, failure);
  const { shape, body } = asked;
  const { system_fingerprint, ...head } = headOf(
    shape.prefix,
    task,
    answeringModel(task, body.model ?? poolModel),
  );
  const usage = usageOf(task);
  return c.json({
    ...head,
    object: shape.object,
    choices: [shape.whole(task)],
    ...(usage === undefined ? {} : { usage }),
    system_fingerprint,
  });
}

/** The answer as it comes. What goes wrong after its beginning is an event, too, and the last one: without `[DONE]`. */
export function streamedAnswer(
  c: Context,
  runtime: Runtime,
  { taskId, body, detach, shape, log }: AskedText,
): Response {
  const { clock } = runtime;
  const form = {
    clock,
    contentType: 'text/event-stream; charset=utf-8',
    keepAlive: () => ': keep-alive\n\n',
  };
  const wantsUsage = body.stream_options?.include_usage === true;
  return facadeStream(c, form, async (send, gone) => {
    const tell = (event: object) => send(`data: ${JSON.stringify(event)}\n\n`);
    let head: AnswerHead | undefined;
    const chunk = (choices: readonly object[], usage: object | null = null) =>
      tell({ ...head, object: shape.objectOfChunks, choices, ...(wantsUsage ? { usage } : {}) });
    const open = () => {
      if (head !== undefined) return;
      head = currentHead(runtime, taskId, shape.prefix, body.model ?? poolModel);
      for (const choice of shape.opening()) chunk([choice]);
    };
    const onText = (text: string) => {
      open();
      chunk([shape.text(text)]);
    };
    try {
      const task = await endOfFacadeTask(runtime, taskId, { gone, detach, onText });
      const failure = failureOf(task);
      if (failure !== null) return tell(openAiFailure(failure));
      open();
      for (const choice of shape.ending(task)) chunk([choice]);
      const usage = usageOf(task);
      if (wantsUsage && usage !== undefined) chunk([], usage);
      send('data: [DONE]\n\n');
    } catch (error) {
      // What nobody foresaw is a bug of ours: the status has gone out already, and its words are for the log.
      if (!(error instanceof KoubouError)) log.error({ err: error, task_id: taskId }, 'a stream failed');
      tell(openAiRefusal(shownRefusal(error)));
    }
  });
}

/** As of the attempt that answers at this moment: all chunks have the same head, and the first one comes before the end. */
function currentHead(
  runtime: Runtime,
  taskId: TaskId,
  prefix: AnswerShape['prefix'],
  asked: string,
): AnswerHead {
  const task = runtime.task(taskId);
  const model = runtime.attempts(taskId).at(-1)?.model ?? asked;
  return headOf(prefix, task, model);
}
