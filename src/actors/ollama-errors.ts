import type { ServerKind } from './server-errors.ts';

/**
 * How Ollama speaks of its troubles.
 *
 * @param path what it is asked at, such as `/api/generate`
 */
export function ollamaServer(path: string): ServerKind {
  return {
    name: 'Ollama',
    nature: 'Ollama',
    busyReason: 'its queue is full',
    unknownPath: `knows no ${path} (404): is it Ollama?`,
    credentials: 'host',
    modelAdvice: (model) => `run \`ollama pull ${model}\` there`,
    contextAdvice: 'raise num_ctx',
    // "model 'x' not found": a 404 that says nothing of a model comes from something that is not Ollama.
    isModelUnknown: (status, complaint) => status === 404 && /\bmodel\b/i.test(complaint?.message ?? ''),
  };
}
