import type { Context } from 'hono';
import type { TaskView } from '../../runtime/task-view.ts';
import type { Runtime } from '../../runtime.ts';
import { failureOf } from '../facade-failure.ts';
import { isNobodysModel, modelAskedFor } from '../facade-models.ts';
import { endOfFacadeTask } from '../facade-task.ts';
import { originOf, statisticsOf } from './ollama-answers.ts';
import { failed, modelUnknown, refused } from './ollama-refusals.ts';
import { acceptOllamaTask, type Sayings } from './ollama-tasks.ts';
import type { Wish } from './ollama-wishes.ts';

type Vector = readonly number[];

interface AskedVectors {
  /** `null` when there is no text to make one of. */
  readonly wish: Wish | null;
  readonly sent: unknown;
  readonly body: Sayings;
}

/** Answers vectors, always at once: their tasks have no text that could be told before. */
export async function answerVectors(
  c: Context,
  runtime: Runtime,
  asked: AskedVectors,
  bodyOf: (vectors: readonly Vector[], task: TaskView | null) => object,
): Promise<Response> {
  const { model } = asked.body;
  if (model === '') return refused(c, 400, 'model is missing');
  if (modelAskedFor(model) !== null && isNobodysModel(runtime, model)) return modelUnknown(c, model);
  if (asked.wish === null) return c.json(bodyOf([], null));
  const { taskId, detach } = await acceptOllamaTask(c, runtime, asked.wish, asked);
  const task = await endOfFacadeTask(runtime, taskId, { gone: c.req.raw.signal, detach });
  const failure = failureOf(task);
  if (failure !== null) return failed(c, model, failure);
  const vectors = vectorsIn(task.result?.output ?? '');
  if (vectors === null)
    return refused(c, 502, `the server of ${model} answered something that is no vectors`);
  return c.json(bodyOf(vectors, task));
}

/** The body of `/api/embed`. */
export function embedBody(model: string) {
  return (embeddings: readonly Vector[], task: TaskView | null): object => ({
    model,
    embeddings,
    ...(task === null ? {} : { ...vectorStatistics(task), koubou: originOf(task) }),
  });
}

/** The body of `/api/embeddings`: of the one text, without anything beside it. */
export function embeddingBody(vectors: readonly Vector[]): object {
  return { embedding: vectors[0] ?? [] };
}

function vectorStatistics(task: TaskView): object {
  const wanted = ['total_duration', 'load_duration', 'prompt_eval_count'];
  return Object.fromEntries(Object.entries(statisticsOf(task)).filter(([name]) => wanted.includes(name)));
}

function vectorsIn(output: string): readonly Vector[] | null {
  try {
    const value: unknown = JSON.parse(output);
    return Array.isArray(value) && value.every((each) => Array.isArray(each)) ? value : null;
  } catch {
    return null;
  }
}
