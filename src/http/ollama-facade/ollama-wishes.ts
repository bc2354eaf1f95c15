import type {
  ChatMessage,
  ChatRequest,
  ChatTool,
  CompletionRequest,
  ModelRequest,
  ToolCall,
} from '../../machines/model-request.ts';
import type { ChatBody, EmbedBody, EmbeddingsBody, GenerateBody } from './ollama-schemas.ts';

/** What is asked of a model, in the terms of a task. */
export interface Wish {
  readonly prompt: string;
  readonly request?: ModelRequest;
}

type SentMessage = NonNullable<ChatBody['messages']>[number];

/**
 * A conversation; `null` when nothing is said in it, by which clients have a model loaded. One question with nothing beside
 * it is a plain prompt, which every worker can take.
 */
export function chatWish({ messages: sent, tools }: ChatBody): Wish | null {
  if (!sent?.length) return null;
  const messages = conversationOf(sent);
  const prompt = messages.findLast(({ content }) => content.trim() !== '')?.content ?? '';
  const [only] = messages;
  const isPlain = messages.length === 1 && only?.role === 'user' && only.images === undefined;
  if (isPlain && !tools?.length && prompt !== '') return { prompt };
  const request: ChatRequest = {
    kind: 'chat',
    messages,
    ...(tools?.length ? { tools: tools.map((tool) => toolOf(tool.function)) } : {}),
  };
  return { prompt, request };
}

/** One prompt; `null` when it is empty, by which clients have a model loaded. */
export function generateWish(body: GenerateBody): Wish | null {
  const { prompt, suffix, system, template, raw, images } = body;
  if (!prompt && !suffix && !images?.length) return null;
  const request: CompletionRequest = {
    kind: 'completion',
    ...(system ? { system } : {}),
    ...(template ? { template } : {}),
    ...(suffix ? { suffix } : {}),
    ...(raw ? { raw } : {}),
    ...(images?.length ? { images } : {}),
  };
  // Without anything beside it any worker can take it.
  const isPlain = Object.keys(request).length === 1;
  return isPlain ? { prompt: prompt ?? '' } : { prompt: prompt ?? '', request };
}

/** Vectors of texts; `null` when there is none. */
export function embedWish({ input, dimensions }: EmbedBody): Wish | null {
  const inputs = typeof input === 'string' ? [input].filter((text) => text !== '') : (input ?? []);
  const [first] = inputs;
  if (first === undefined) return null;
  const size = dimensions ? { dimensions } : {};
  return { prompt: first, request: { kind: 'embedding', inputs, ...size } };
}

/** @see embedWish */
export function embeddingsWish({ prompt }: EmbeddingsBody): Wish | null {
  return prompt ? { prompt, request: { kind: 'embedding', inputs: [prompt] } } : null;
}

function toolOf({
  name,
  description,
  parameters,
}: NonNullable<ChatBody['tools']>[number]['function']): ChatTool {
  return { name, ...(description ? { description } : {}), ...(parameters ? { parameters } : {}) };
}

/**
 * Ollama's clients need not name the calls that they answer: names are made up here, and an answer belongs to the oldest
 * call of its tool that has none, as other servers of models want to be told.
 */
function conversationOf(sent: readonly SentMessage[]): readonly ChatMessage[] {
  const open: ToolCall[] = [];
  let count = 0;
  return sent.map((message): ChatMessage => {
    const { role, content, images, tool_calls: called, tool_name: toolName, tool_call_id: id } = message;
    const said = { role, content: content ?? '', ...(images?.length ? { images } : {}) };
    if (role === 'tool') return { ...said, ...answeredCall(open, toolName, id) };
    if (!called?.length) return said;
    const toolCalls = called.map((call): ToolCall => {
      count += 1;
      const { name, arguments: given } = call.function;
      return { id: call.id || `call_${count}`, name, arguments: JSON.stringify(given ?? {}) };
    });
    open.push(...toolCalls);
    return { ...said, toolCalls };
  });
}

function answeredCall(
  open: ToolCall[],
  toolName: string | null | undefined,
  id: string | null | undefined,
): Pick<ChatMessage, 'toolCallId' | 'toolName'> {
  const isMeant = (call: ToolCall) => (id ? call.id === id : !toolName || call.name === toolName);
  const at = open.findIndex(isMeant);
  const call = at < 0 ? undefined : open.splice(at, 1)[0];
  const answered = id || call?.id;
  const name = toolName || call?.name;
  return { ...(answered ? { toolCallId: answered } : {}), ...(name ? { toolName: name } : {}) };
}
