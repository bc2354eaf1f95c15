import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { anyObject, json, refused, tags } from './openapi-parts.ts';

/** What clients of others find here. Their bodies are described where they come from; see the links. */
const openAi = 'https://platform.openai.com/docs/api-reference';
const ollama = 'https://docs.ollama.com/api';

/** The interfaces of OpenAI and Ollama: a task like any other, asked for in their words. */
export function facadePaths(): ZodOpenApiPathsObject {
  const spoken = (url: string, summary: string, hasBody = true): ZodOpenApiOperationObject => ({
    tags: [tags.facades],
    summary,
    externalDocs: { url },
    ...(hasBody ? { requestBody: { required: true, ...json(anyObject) } } : {}),
    responses: { 200: { description: 'As it is described there.', ...json(anyObject) } },
  });
  const absent: ZodOpenApiOperationObject = {
    tags: [tags.facades],
    summary: 'Refused: models belong to the servers of the workers',
    responses: { 501: refused('This is not done here.') },
  };
  const digest = { requestParams: { path: z.object({ digest: z.string() }) } };
  return {
    '/v1/chat/completions': { post: spoken(openAi, 'A chat, as OpenAI answers it; streamed with `stream`') },
    '/v1/completions': { post: spoken(openAi, 'A completion, as OpenAI answers it') },
    '/v1/embeddings': { post: spoken(openAi, 'Vectors, as OpenAI answers them') },
    '/v1/models': { get: spoken(openAi, 'What can be asked for as `model`', false) },
    '/v1/models/{name}': {
      get: {
        ...spoken(openAi, 'One of them', false),
        requestParams: { path: z.object({ name: z.string() }) },
      },
    },
    '/': { get: { ...spoken(ollama, 'How clients of Ollama see that it runs', false), responses: isThere } },
    '/api/chat': { post: spoken(ollama, 'A chat, as Ollama answers it; streamed by default') },
    '/api/generate': { post: spoken(ollama, 'A text, as Ollama answers it; streamed by default') },
    '/api/embed': { post: spoken(ollama, 'Vectors, as Ollama answers them') },
    '/api/embeddings': { post: spoken(ollama, 'One vector, as older Ollama answers it') },
    '/api/show': { post: spoken(ollama, 'What is known of a model') },
    '/api/tags': { get: spoken(ollama, 'Models that there are', false) },
    '/api/ps': { get: spoken(ollama, 'Models in memory', false) },
    '/api/version': { get: spoken(ollama, 'The version of the interface', false) },
    '/api/pull': { post: absent },
    '/api/push': { post: absent },
    '/api/create': { post: absent },
    '/api/copy': { post: absent },
    '/api/delete': { delete: absent },
    '/api/blobs/{digest}': { get: { ...absent, ...digest }, post: { ...absent, ...digest } },
  };
}

const isThere = {
  200: { description: 'It runs.', content: { 'text/plain': { schema: z.string() } } },
};
