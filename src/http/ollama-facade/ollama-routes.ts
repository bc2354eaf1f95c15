import type { Hono } from 'hono';
import type { z } from 'zod';
import { KoubouError } from '../../machines/errors.ts';
import type { Runtime } from '../../runtime.ts';
import type { AppLog } from '../door-app.ts';
import { check, readJson } from '../request-body.ts';
import { answerVectors, embedBody, embeddingBody } from './ollama-embed.ts';
import { answerText } from './ollama-generation.ts';
import { ollamaModelRoutes } from './ollama-models.ts';
import { chatSchema, embeddingsSchema, embedSchema, generateSchema } from './ollama-schemas.ts';
import { chatWish, embeddingsWish, embedWish, generateWish } from './ollama-wishes.ts';

/** What clients of Ollama find under the address of this server, instead of Ollama: https://docs.ollama.com/api. */
export function ollamaRoutes(app: Hono, runtime: Runtime, log: AppLog): void {
  app.get('/', (c) => c.text('Ollama is running'));
  ollamaModelRoutes(app, runtime);
  generationRoutes(app, runtime, log);
  app.all('/api/*', ({ req }) => {
    throw new KoubouError(
      'route.unknown',
      `of Ollama's interface, there is no ${req.method} ${req.path} here`,
    );
  });
}

function generationRoutes(app: Hono, runtime: Runtime, log: AppLog): void {
  app.post('/api/chat', async (c) => {
    const { sent, body } = parsed(chatSchema, await readJson(c));
    return answerText(c, runtime, log, { shape: 'chat', wish: chatWish(body), sent, body });
  });
  app.post('/api/generate', async (c) => {
    const { sent, body } = parsed(generateSchema, await readJson(c));
    return answerText(c, runtime, log, { shape: 'generate', wish: generateWish(body), sent, body });
  });
  app.post('/api/embed', async (c) => {
    const { sent, body } = parsed(embedSchema, await readJson(c));
    return answerVectors(c, runtime, { wish: embedWish(body), sent, body }, embedBody(body.model));
  });
  app.post('/api/embeddings', async (c) => {
    const { sent, body } = parsed(embeddingsSchema, await readJson(c));
    return answerVectors(c, runtime, { wish: embeddingsWish(body), sent, body }, embeddingBody);
  });
}

/** @throws KoubouError `request.invalid` */
function parsed<S extends z.ZodType>(schema: S, sent: unknown) {
  return { sent, body: check(schema, sent) };
}
