import { z } from 'zod';
import { limits } from '../../machines/limits.ts';
import { openAiLimits } from '../../machines/openai-limits.ts';
import { text } from '../task-schemas.ts';

/**
 * What clients of OpenAI send (https://platform.openai.com/docs/api-reference). `null` is as good as nothing. A field that
 * nobody knows is ignored, as servers of models do; one that asks for what is not to be had here is refused.
 */

const words = text.max(limits.promptCharsMax);
const name = text.min(1).max(openAiLimits.nameCharsMax);
const jsonObject = z.record(z.string(), z.unknown());
const switchable = z.boolean().nullish();
const tokens = z.int().min(1).max(10_000_000).nullish();

/** Only `value`, or nothing. */
const only = <T extends false | 0 | 1>(value: T, hint: string) =>
  z.literal(value, { error: `is not to be had here: ${hint}` }).nullish();
const never = (hint: string) => z.null({ error: `is not to be had here: ${hint}` }).optional();

const asked = {
  model: text.max(openAiLimits.nameCharsMax).nullish(),
  metadata: jsonObject.nullish(),
};

const generated = {
  ...asked,
  stream: switchable,
  stream_options: z.looseObject({ include_usage: switchable }).nullish(),
  n: only(1, 'one request has one answer, so leave n out'),
  max_tokens: tokens,
  temperature: z.number().min(0).max(5).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([text, z.array(text).max(openAiLimits.stopsMax)]).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  // Not OpenAI's: servers of models know them, and their clients send them.
  top_k: z.int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repeat_penalty: z.number().nullish(),
};

const picture = z.string().regex(/^data:[^,]{0,200};base64,[A-Za-z0-9+/]+=*$/, {
  error:
    'must be the picture itself, as data:image/png;base64,…: this server fetches nothing from addresses that it is told',
});

const part = z.discriminatedUnion(
  'type',
  [
    z.looseObject({ type: z.literal('text'), text: words }),
    z.looseObject({ type: z.literal('refusal'), refusal: words }),
    z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: picture }) }),
  ],
  { error: 'must be text or image_url; sound and files are not to be had here' },
);

export type ContentPart = z.output<typeof part>;

/** Plain text is one part. */
const content = z
  .preprocess(
    (sent) => (typeof sent === 'string' ? [{ type: 'text', text: sent }] : sent),
    z.array(part, { error: 'must be text, or an array of parts' }).max(openAiLimits.partsMax).nullish(),
  )
  .optional();

const onlyFunctions = z.literal('function', {
  error: 'must be "function"; other tools are not to be had here',
});

const toolCall = z.looseObject({
  id: name,
  type: onlyFunctions.optional(),
  function: z.looseObject({ name, arguments: words }),
});

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content,
  tool_calls: z.array(toolCall).max(openAiLimits.toolsMax).nullish(),
  tool_call_id: name.nullish(),
});

export type SentMessage = z.output<typeof message>;

const tool = z.looseObject({
  type: onlyFunctions,
  function: z.looseObject({ name, description: words.nullish(), parameters: jsonObject.nullish() }),
});

export type SentTool = z.output<typeof tool>;

const toolChoice = z.union(
  [
    z.enum(['none', 'auto', 'required']),
    z.looseObject({ type: z.literal('function'), function: z.looseObject({ name }) }),
  ],
  { error: 'must be none, auto, required, or {"type": "function", "function": {"name": …}}' },
);

const responseFormat = z.discriminatedUnion(
  'type',
  [
    z.looseObject({ type: z.literal('text') }),
    z.looseObject({ type: z.literal('json_object') }),
    z.looseObject({ type: z.literal('json_schema'), json_schema: z.looseObject({ schema: jsonObject }) }),
  ],
  { error: 'must be text, json_object or json_schema' },
);

export type SentFormat = z.output<typeof responseFormat>;

/** `POST /v1/chat/completions`. */
export const chatSchema = z
  .looseObject({
    ...generated,
    messages: z.array(message).min(1).max(openAiLimits.messagesMax),
    max_completion_tokens: tokens,
    tools: z.array(tool).max(openAiLimits.toolsMax).nullish(),
    tool_choice: toolChoice.nullish(),
    response_format: responseFormat.nullish(),
    reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
    logprobs: only(false, 'leave it out'),
    top_logprobs: only(0, 'leave it out'),
    modalities: z.array(z.literal('text', { error: 'answers are text here' })).nullish(),
    audio: never('answers are text'),
    functions: never('it is out of date, send tools instead'),
    function_call: never('it is out of date, send tool_choice instead'),
  })
  .refine(({ tools, tool_choice: choice }) => isAmong(tools ?? [], choice), {
    error: 'asks for a tool, but there is none of that name among tools',
    path: ['tool_choice'],
  });

export type ChatBody = z.output<typeof chatSchema>;

function isAmong(
  tools: readonly SentTool[],
  choice: z.output<typeof toolChoice> | null | undefined,
): boolean {
  if (choice === null || choice === undefined || choice === 'none' || choice === 'auto') return true;
  if (choice === 'required') return tools.length > 0;
  return tools.some((each) => each.function.name === choice.function.name);
}

/** One, by itself or as the only one of a list. */
const onePrompt = z
  .preprocess(
    (sent) => (Array.isArray(sent) && sent.length === 1 ? sent[0] : sent),
    words.refine((value) => value !== '', { error: 'must not be empty' }),
  )
  .meta({ description: 'One prompt, as text.' });

/** `POST /v1/completions`. */
export const completionSchema = z.looseObject({
  ...generated,
  prompt: onePrompt,
  suffix: words.nullish(),
  echo: switchable,
  best_of: only(1, 'one request has one answer, so leave best_of out'),
  logprobs: never('leave it out'),
});

export type CompletionBody = z.output<typeof completionSchema>;

const input = words.refine((value) => value !== '', { error: 'must not be empty' });

/** `POST /v1/embeddings`. */
export const embeddingSchema = z.looseObject({
  ...asked,
  input: z.preprocess(
    (sent) => (typeof sent === 'string' ? [sent] : sent),
    z
      .array(input, { error: 'must be text, or an array of texts; tokens are not to be had here' })
      .min(1)
      .max(openAiLimits.inputsMax),
  ),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).max(openAiLimits.dimensionsMax).nullish(),
});

export type EmbeddingBody = z.output<typeof embeddingSchema>;

/** What generates text has in common. */
export type GeneratedBody = Pick<ChatBody | CompletionBody, keyof typeof generated> & {
  readonly max_completion_tokens?: number | null | undefined;
  readonly reasoning_effort?: ChatBody['reasoning_effort'];
  readonly response_format?: ChatBody['response_format'];
};
