import type { Context } from 'hono';
import { KoubouError } from '../../machines/errors.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import type { Runtime } from '../../runtime.ts';
import type { AppLog } from '../door-app.ts';
import { isNobodysModel, modelAskedFor } from '../facade-models.ts';
import { facadeStream } from '../facade-stream.ts';
import { endOfFacadeTask } from '../facade-task.ts';
import { type AnswerHead, lastChunk, loadAnswer, replyChunk, textChunk } from './ollama-answers.ts';
import { failed, failureText, modelUnknown, type OllamaError, refused } from './ollama-refusals.ts';
import { type Accepted, acceptOllamaTask, failureOfAnswer, type Sayings } from './ollama-tasks.ts';
import type { Wish } from './ollama-wishes.ts';

/** What was asked, in which words it is to be answered. */
interface Asked {
  readonly shape: AnswerHead['shape'];
  /** `null` when nothing was asked but that the model be loaded. */
  readonly wish: Wish | null;
  readonly sent: unknown;
  readonly body: Sayings & { readonly stream?: boolean | null | undefined };
}

/** Answers text: piece by piece as it comes, or at once when it is complete. */
export async function answerText(c: Context, runtime: Runtime, log: AppLog, asked: Asked): Promise<Response> {
  const { shape, wish, body } = asked;
  const head: AnswerHead = { shape, model: body.model };
  if (body.model === '') return refused(c, 400, 'model is missing');
  if (modelAskedFor(body.model) !== null && isNobodysModel(runtime, body.model))
    return modelUnknown(c, body.model);
  // The pool decides what is loaded; the client hears what it heard from Ollama.
  if (wish === null) return c.json(loadAnswer(head, body.keep_alive, runtime.clock.now()));
  const accepted = await acceptOllamaTask(c, runtime, wish, asked);
  return body.stream === false
    ? whole(c, runtime, accepted, head)
    : streamed(c, { runtime, log, accepted, head });
}

async function whole(
  c: Context,
  runtime: Runtime,
  { taskId, detach }: Accepted,
  head: AnswerHead,
): Promise<Response> {
  const task = await endOfFacadeTask(runtime, taskId, { gone: c.req.raw.signal, detach });
  const failure = failureOfAnswer(task);
  if (failure !== null) return failed(c, head.model, failure);
  const { output = '', reply } = task.result ?? {};
  return c.json(lastChunk(head, task, runtime.clock.now(), { text: output, reply }));
}

interface Streaming {
  readonly runtime: Runtime;
  readonly log: AppLog;
  readonly accepted: Accepted;
  readonly head: AnswerHead;
}

/** NDJSON has no comments: while nothing comes, a piece without text says that the answer is still to come. */
function streamed(c: Context, { runtime, log, accepted, head }: Streaming): Response {
  const { clock } = runtime;
  const piece = (text: string) => lineOf(textChunk(head, text, clock.now()));
  const settings = { contentType: 'application/x-ndjson', keepAlive: () => piece(''), clock };
  return facadeStream(c, settings, async (send, gone) => {
    try {
      const onText = (text: string) => send(piece(text));
      const task = await endOfFacadeTask(runtime, accepted.taskId, { gone, detach: accepted.detach, onText });
      for (const chunk of endingOf(head, task, clock.now())) send(lineOf(chunk));
    } catch (error) {
      if (!gone.aborted) send(lineOf(errorLine(error, log)));
    }
  });
}

/** What comes when all of the text has been told. */
function endingOf(head: AnswerHead, task: TaskView, nowMs: number): readonly object[] {
  const failure = failureOfAnswer(task);
  if (failure !== null) return [{ error: failureText(head.model, failure) } satisfies OllamaError];
  const reply = replyChunk(head, task.result?.reply, nowMs);
  const last = lastChunk(head, task, nowMs, { text: '' });
  return reply === null ? [last] : [reply, last];
}

/** The status was told long before. */
function errorLine(error: unknown, log: AppLog): OllamaError {
  if (error instanceof KoubouError) return { error: error.message };
  log.error({ err: error }, 'a streamed answer failed');
  return { error: 'something went wrong here; the server log says what' };
}

function lineOf(chunk: object): string {
  return `${JSON.stringify(chunk)}\n`;
}
