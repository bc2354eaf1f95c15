import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { TaskView } from '../../runtime/task-view.ts';
import type { Runtime } from '../../runtime.ts';
import { type FacadeFailure, failureOf } from '../facade-failure.ts';
import { modelAskedFor, poolModel } from '../facade-models.ts';
import { check, readJson } from '../request-body.ts';
import { answeringModel } from './answer-parts.ts';
import { withoutNulls } from './asked-options.ts';
import { askedTask, endOfTask } from './asked-task.ts';
import { refuseFor } from './openai-refusals.ts';
import { type EmbeddingBody, embeddingSchema } from './openai-schemas.ts';

const vectorsSchema = z.array(z.array(z.number()));

/** What a worker answered is no list of as many vectors as there are texts. */
const notVectors: FacadeFailure = {
  status: 502,
  code: 'backend.garbage',
  message: 'What the worker answered is not one vector for each input: does this model make vectors?',
};

/** `POST /v1/embeddings`. */
export function embeddingRoutes(app: Hono, runtime: Runtime): void {
  app.post('/v1/embeddings', async (c) => {
    const sent = await readJson(c);
    const body = check(embeddingSchema, sent);
    const { input: inputs, dimensions, model } = body;
    const task = await askedTask(c, runtime, {
      sent,
      body,
      asked: {
        prompt: inputs[0] ?? '',
        request: { kind: 'embedding', inputs, ...(dimensions ? { dimensions } : {}) },
        options: withoutNulls({ model: modelAskedFor(model) }),
      },
    });
    if ('status' in task) return refuseFor(c, task);
    return answered(c, await endOfTask(c, runtime, task.taskId, task.detach), body);
  });
}

function answered(
  c: Context,
  task: TaskView,
  { input, encoding_format: encoding, model }: EmbeddingBody,
): Response {
  const failure = failureOf(task);
  if (failure !== null) return refuseFor(c, failure);
  const vectors = vectorsOf(task.result?.output ?? '');
  if (vectors?.length !== input.length) return refuseFor(c, notVectors);
  const read = task.result?.usage?.['prompt_tokens'];
  return c.json({
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encoding === 'base64' ? base64Of(vector) : vector,
    })),
    model: answeringModel(task, model ?? poolModel),
    ...(typeof read === 'number' ? { usage: { prompt_tokens: read, total_tokens: read } } : {}),
  });
}

function vectorsOf(output: string): number[][] | undefined {
  try {
    return vectorsSchema.parse(JSON.parse(output));
  } catch {
    return undefined;
  }
}

/** Little-endian, 32 bits each, whatever this machine has. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(4 * vector.length);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, 4 * index);
  return bytes.toString('base64');
}
