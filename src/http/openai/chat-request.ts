import type { ChatMessage, ChatRequest, ChatTool, ToolCall } from '../../machines/model-request.ts';
import type { ChatBody, ContentPart, SentMessage, SentTool } from './openai-schemas.ts';

/** What is asked of a model, in the terms of a task. */
export interface AskedChat {
  /** What was said last. */
  readonly prompt: string;
  readonly request?: ChatRequest;
}

/** A conversation. One question with nothing beside it is a plain prompt, which every worker can take. */
export function askedChat({ messages: sent, tools, tool_choice: choice }: ChatBody): AskedChat {
  const toolNames = new Map<string, string>();
  const messages = sent.map((message) => messageOf(message, toolNames));
  const prompt = messages.findLast(({ content }) => content.trim() !== '')?.content ?? '';
  const [only] = messages;
  const isPlain = messages.length === 1 && only?.role === 'user' && only.images === undefined;
  if (isPlain && !tools?.length && prompt !== '') return { prompt };
  const request: ChatRequest = {
    kind: 'chat',
    messages,
    ...(tools?.length ? { tools: tools.map(toolOf) } : {}),
    ...(choice ? { toolChoice: typeof choice === 'string' ? choice : { name: choice.function.name } } : {}),
  };
  return { prompt, request };
}

/** @param toolNames which function each call before has called, and those of this message */
function messageOf(
  { role, content, tool_calls: calls, tool_call_id: answered }: SentMessage,
  toolNames: Map<string, string>,
): ChatMessage {
  const parts = content ?? [];
  const images = parts.flatMap((part) => (part.type === 'image_url' ? [base64Of(part.image_url.url)] : []));
  const toolCalls = (calls ?? []).map((call): ToolCall => {
    toolNames.set(call.id, call.function.name);
    return { id: call.id, name: call.function.name, arguments: call.function.arguments };
  });
  const toolName = answered ? toolNames.get(answered) : undefined;
  return {
    // Newer models of OpenAI alone tell them apart.
    role: role === 'developer' ? 'system' : role,
    content: parts.flatMap(wordsOf).join('\n'),
    ...(images.length > 0 ? { images } : {}),
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
    ...(answered ? { toolCallId: answered } : {}),
    ...(toolName === undefined ? {} : { toolName }),
  };
}

function wordsOf(part: ContentPart): string[] {
  switch (part.type) {
    case 'text':
      return [part.text];
    case 'refusal':
      return [part.refusal];
    case 'image_url':
      return [];
  }
}

function base64Of(dataUrl: string): string {
  return dataUrl.slice(dataUrl.indexOf(',') + 1);
}

function toolOf({ function: { name, description, parameters } }: SentTool): ChatTool {
  return { name, ...(description ? { description } : {}), ...(parameters ? { parameters } : {}) };
}
