import type {
  ChatRequest as ClientChat,
  EmbedRequest,
  GenerateRequest,
  Message,
  Options,
} from 'ollama/browser';
import type {
  ChatMessage,
  ChatRequest,
  ChatTool,
  CompletionRequest,
  EmbeddingRequest,
} from '../machines/model-request.ts';
import { failed } from '../machines/outcome.ts';
import type { Job } from './execution.ts';
import { ServerTrouble } from './server-errors.ts';
import { parseObject } from './server-stream.ts';
import { impossibleChoice, offeredTools } from './tool-choice.ts';

/** Ollama ≥ 0.12.6 refuses an over-long prompt when told so, and cuts it silently otherwise; the client's types lag behind. */
interface Uncut {
  readonly truncate: false;
}

/** A prompt, with what may stand beside it. */
export function generateRequest(
  job: Job,
  request: CompletionRequest | null,
  model: string,
): GenerateRequest & Uncut & { stream: true } {
  const { system, template, suffix, raw, images } = request ?? {};
  return {
    ...commonOf(job, model),
    prompt: job.prompt,
    ...(system !== undefined && { system }),
    ...(template !== undefined && { template }),
    ...(suffix !== undefined && { suffix }),
    ...(raw !== undefined && { raw }),
    ...(images !== undefined && { images: [...images] }),
    stream: true,
  };
}

/**
 * A conversation. Ollama has no word for which tools must be called: it is told of those that may be.
 *
 * @throws ServerTrouble `input.refused` for what cannot be said
 */
export function chatRequest(
  job: Job,
  request: ChatRequest,
  model: string,
): ClientChat & Uncut & { stream: true } {
  const impossible = impossibleChoice(request);
  if (impossible !== null) throw new ServerTrouble(failed('input.refused', impossible));
  const tools = offeredTools(request);
  const names = new Map(
    request.messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id, name }) => [id, name])),
  );
  return {
    ...commonOf(job, model),
    messages: request.messages.map((message) => messageOf(message, names)),
    ...(tools.length > 0 && { tools: tools.map(toolOf) }),
    stream: true,
  };
}

/** Texts that are to become vectors. There is nothing to think about, and no format. */
export function embedRequest(
  job: Job,
  { inputs, dimensions }: EmbeddingRequest,
  model: string,
): EmbedRequest {
  const { options, keep_alive: keepAlive } = liftedFrom(job.sampling);
  return {
    model,
    input: [...inputs],
    truncate: false,
    options,
    ...(keepAlive !== undefined && { keep_alive: keepAlive }),
    ...(dimensions !== undefined && { dimensions }),
  };
}

function commonOf({ sampling, format }: Job, model: string) {
  const { options, keep_alive: keepAlive, think } = liftedFrom(sampling);
  return {
    model,
    options,
    truncate: false,
    ...(format !== null && { format }),
    ...(think !== undefined && { think }),
    ...(keepAlive !== undefined && { keep_alive: keepAlive }),
  } as const;
}

/** `think` and `keep_alive` stand beside the options, and have no effect among them. */
function liftedFrom({ think, keep_alive, ...options }: Job['sampling']) {
  type Lifted = Pick<GenerateRequest, 'think' | 'keep_alive'>;
  return { options: options as Partial<Options>, ...({ think, keep_alive } as Lifted) };
}

/** @param names of the functions that were called, by the call's id */
function messageOf(message: ChatMessage, names: ReadonlyMap<string, string>): Message {
  const { role, content, images, toolCalls = [], toolCallId } = message;
  const toolName = message.toolName ?? (toolCallId === undefined ? undefined : names.get(toolCallId));
  const said = {
    role,
    content,
    ...(images !== undefined && { images: [...images] }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls.map(callOf) }),
    ...(toolName !== undefined && { tool_name: toolName }),
    // Newer than the client's types.
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
  };
  return said;
}

function callOf({ id, name, arguments: text }: NonNullable<ChatMessage['toolCalls']>[number]) {
  const args = parseObject(text.trim() === '' ? '{}' : text);
  if (args !== undefined) return { id, function: { name, arguments: args } };
  const message =
    'A tool call in the conversation has arguments that are not a JSON object: mend or remove it.';
  throw new ServerTrouble(failed('input.refused', message));
}

function toolOf({ name, description, parameters }: ChatTool) {
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters: parameters ?? { type: 'object', properties: {} },
    },
  };
}
