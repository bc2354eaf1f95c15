import { z } from 'zod';
import { limits } from '../../machines/limits.ts';
import { ollamaLimits } from '../../machines/ollama-limits.ts';
import { optionsSchema, text } from '../task-schemas.ts';

/**
 * What clients of Ollama send (https://docs.ollama.com/api). As there, `null` is as good as nothing, and a field that
 * nobody knows is ignored.
 */

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutNulls(sent: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null));
}

const words = text.max(limits.promptCharsMax).nullish();
const modelName = text.max(ollamaLimits.nameCharsMax);

/** Ollama's durations are Go's, or seconds; below 0 means for ever. */
const duration = /^-?(\d+|(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+)$/;
const keepAlive = z
  .union([z.number(), z.string()])
  .refine((value) => duration.test(String(value)) || typeof value === 'number', {
    error: 'must be seconds, or a duration such as "5m"',
  })
  .nullish();

const format = z
  .union([z.literal(''), z.literal('json'), z.record(z.string(), z.unknown())], {
    error: 'must be "json" or a JSON schema',
  })
  .nullish();

const think = z.union([z.boolean(), z.string().max(ollamaLimits.nameCharsMax)]).nullish();

/** Pictures count as text here: base64 in the body, whose size is limited as a whole. */
const images = z.array(z.base64()).max(ollamaLimits.imagesMax).nullish();

/** `model` and `format` have places of their own. */
const options = z
  .preprocess(
    (sent) => (isRecord(sent) ? withoutNulls(sent) : sent),
    optionsSchema.transform(({ model: _model, format: _format, ...rest }) => rest),
  )
  .nullish();

const priority = z.int().min(1).max(10).nullish();

/** What all requests that become tasks have in common; the last two are Koubou's own. */
const asked = {
  model: modelName,
  options,
  keep_alive: keepAlive,
  priority,
  metadata: z.looseObject({ priority }).nullish(),
};

const answered = {
  ...asked,
  stream: z.boolean().nullish(),
  format,
  think,
  logprobs: z.literal(false, { error: 'is not to be had here: leave it out' }).nullish(),
};

const toolCall = z.looseObject({
  id: text.max(ollamaLimits.nameCharsMax).nullish(),
  function: z.looseObject({
    name: text.min(1).max(ollamaLimits.nameCharsMax),
    arguments: z.record(z.string(), z.unknown()).nullish(),
  }),
});

const message = z.looseObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: words,
  images,
  tool_calls: z.array(toolCall).max(ollamaLimits.toolsMax).nullish(),
  tool_name: text.max(ollamaLimits.nameCharsMax).nullish(),
  tool_call_id: text.max(ollamaLimits.nameCharsMax).nullish(),
});

const tool = z.looseObject({
  type: z.literal('function').nullish(),
  function: z.looseObject({
    name: text.min(1).max(ollamaLimits.nameCharsMax),
    description: text.nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
  }),
});

/** `POST /api/chat`. */
export const chatSchema = z.looseObject({
  ...answered,
  messages: z.array(message).max(ollamaLimits.messagesMax).nullish(),
  tools: z.array(tool).max(ollamaLimits.toolsMax).nullish(),
});

/** `POST /api/generate`. `context` is deprecated there, and not read here. */
export const generateSchema = z.looseObject({
  ...answered,
  prompt: words,
  suffix: words,
  system: words,
  template: words,
  raw: z.boolean().nullish(),
  images,
});

const input = text.min(1, 'must not be empty').max(limits.promptCharsMax);

/** `POST /api/embed`. */
export const embedSchema = z.looseObject({
  ...asked,
  input: z
    .union([text.max(limits.promptCharsMax), z.array(input).max(ollamaLimits.inputsMax)], {
      error: `must be a text, or up to ${ollamaLimits.inputsMax} texts of which none is empty`,
    })
    .nullish(),
  dimensions: z.int().min(1).max(ollamaLimits.dimensionsMax).nullish(),
});

/** `POST /api/embeddings`, the older name: one text, one vector. */
export const embeddingsSchema = z.looseObject({ ...asked, prompt: words });

/** `POST /api/show`. `name` is the older name of `model`. */
export const showSchema = z
  .looseObject({ model: modelName.nullish(), name: modelName.nullish() })
  .transform(({ model, name }) => model || name || '');

export type ChatBody = z.output<typeof chatSchema>;
export type GenerateBody = z.output<typeof generateSchema>;
export type EmbedBody = z.output<typeof embedSchema>;
export type EmbeddingsBody = z.output<typeof embeddingsSchema>;
