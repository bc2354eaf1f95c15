import type { AnswerFormat } from '../../machines/model-request.ts';
import { modelAskedFor } from '../facade-models.ts';
import type { ChatBody, GeneratedBody, SentFormat } from './openai-schemas.ts';

/** Options that mean the same under the same name, to OpenAI and to Ollama, whose names tasks have. */
const sameNames = [
  'temperature',
  'top_p',
  'seed',
  'stop',
  'presence_penalty',
  'frequency_penalty',
  'top_k',
  'min_p',
  'repeat_penalty',
] as const;

/** The options of a task that is to generate text. */
export function askedOptions(body: GeneratedBody): Record<string, unknown> {
  return withoutNulls({
    ...Object.fromEntries(sameNames.map((name) => [name, body[name]])),
    model: modelAskedFor(body.model),
    num_predict: body.max_completion_tokens ?? body.max_tokens,
    think: thinkingOf(body.reasoning_effort),
    format: formatOf(body.response_format),
  });
}

/** `null` and `undefined` both say nothing. */
export function withoutNulls(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => (value ?? null) !== null));
}

/** In Ollama's words, which has three efforts and none at all. */
function thinkingOf(effort: ChatBody['reasoning_effort']): false | 'low' | 'medium' | 'high' | null {
  switch (effort) {
    case undefined:
    case null:
      return null;
    case 'none':
      return false;
    case 'minimal':
    case 'low':
      return 'low';
    case 'medium':
      return 'medium';
    case 'high':
    case 'xhigh':
      return 'high';
  }
}

function formatOf(format: SentFormat | null | undefined): AnswerFormat | null {
  switch (format?.type) {
    case undefined:
    case 'text':
      return null;
    case 'json_object':
      return 'json';
    case 'json_schema':
      return format.json_schema.schema;
  }
}
