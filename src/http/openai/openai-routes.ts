import type { Context, Hono } from 'hono';
import { KoubouError } from '../../machines/errors.ts';
import type { Runtime } from '../../runtime.ts';
import type { AppLog } from '../door-app.ts';
import { check, readJson } from '../request-body.ts';
import { askedOptions } from './asked-options.ts';
import { type AskedOfModel, askedTask } from './asked-task.ts';
import { chatShape } from './chat-answer.ts';
import { askedChat } from './chat-request.ts';
import { completionShape } from './completion-answer.ts';
import { embeddingRoutes } from './embedding-routes.ts';
import { openAiModelRoutes } from './openai-models.ts';
import { refuseFor } from './openai-refusals.ts';
import { chatSchema, completionSchema, type GeneratedBody } from './openai-schemas.ts';
import { type AnswerShape, streamedAnswer, wholeAnswer } from './text-answer.ts';

/** The interface that clients of OpenAI know, under `/v1`: each request is a task of the pool. */
export function openAiRoutes(app: Hono, runtime: Runtime, log: AppLog): void {
  app.post('/v1/chat/completions', async (c) => {
    const sent = await readJson(c);
    const body = check(chatSchema, sent);
    const asked = { ...askedChat(body), options: askedOptions(body) };
    return answer(c, runtime, { sent, body, asked, shape: chatShape, log });
  });
  app.post('/v1/completions', async (c) => {
    const sent = await readJson(c);
    const body = check(completionSchema, sent);
    const { prompt, suffix, echo } = body;
    const request = { kind: 'completion' as const, ...(suffix ? { suffix } : {}) };
    const asked = { prompt, request, options: askedOptions(body) };
    return answer(c, runtime, {
      sent,
      body,
      asked,
      shape: completionShape(echo === true ? prompt : ''),
      log,
    });
  });
  embeddingRoutes(app, runtime);
  openAiModelRoutes(app, runtime);
  app.all('/v1/*', (c) => {
    const message = `there is nothing at ${c.req.method} here; POST /v1/chat/completions, /v1/completions and /v1/embeddings, and GET /v1/models are`;
    throw new KoubouError('route.unknown', message);
  });
}

async function answer(
  c: Context,
  runtime: Runtime,
  {
    shape,
    log,
    ...asked
  }: {
    readonly sent: unknown;
    readonly body: GeneratedBody;
    readonly asked: AskedOfModel;
    readonly shape: AnswerShape;
    readonly log: AppLog;
  },
): Promise<Response> {
  const task = await askedTask(c, runtime, asked);
  if ('status' in task) return refuseFor(c, task);
  const text = { ...task, body: asked.body, shape, log };
  return asked.body.stream === true ? streamedAnswer(c, runtime, text) : wholeAnswer(c, runtime, text);
}
