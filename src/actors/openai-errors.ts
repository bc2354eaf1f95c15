import type { Complaint } from './server-complaint.ts';
import type { ServerKind } from './server-errors.ts';

/**
 * How OpenAI-compatible servers speak of their troubles.
 *
 * @param path what they are asked at, below the base URL, such as `chat/completions`
 */
export function openaiServer(path: string): ServerKind {
  return {
    name: 'the server',
    nature: 'an OpenAI-compatible server',
    // A rate limit, a queue, or llama.cpp that still loads its model: it says which.
    busyReason: null,
    unknownPath: `knows no /${path} (404): does the base URL end as the server wants it, as in /v1?`,
    credentials: 'API key',
    modelAdvice: () => 'load it there, or name one that GET /models lists',
    contextAdvice: 'lower num_predict, or load the model with a longer context',
    // Whatever the status: llama.cpp's router answers 400 where vLLM and OpenAI answer 404.
    isModelUnknown: (_status, complaint) =>
      complaint !== null && (complaint.names.includes('model_not_found') || missesModel(complaint)),
  };
}

/** "The model `x` does not exist.", "model 'x' not found", "No models loaded." */
function missesModel({ message }: Complaint): boolean {
  return /\bmodel\b.{0,200}\b(?:not found|not exist|not available)\b|\bno models? (?:is |are )?loaded\b/is.test(
    message,
  );
}
