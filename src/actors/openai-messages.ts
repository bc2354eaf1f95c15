import type { ChatMessage, ToolCall } from '../machines/model-request.ts';
import { failed } from '../machines/outcome.ts';
import { ServerTrouble } from './server-errors.ts';

/** What the base64 of a picture begins with, and its type. */
const pictureTypes: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];

/**
 * A conversation in OpenAI's words. An answer of a tool that does not say which call it belongs to belongs to the first one
 * without an answer, of its name where it has one.
 *
 * @throws ServerTrouble `input.refused` for an answer to no call
 */
export function openaiMessages(messages: readonly ChatMessage[]): readonly object[] {
  const open: ToolCall[] = [];
  return messages.map((message) => messageOf(message, open));
}

/** @param open calls without an answer so far */
function messageOf(message: ChatMessage, open: ToolCall[]): object {
  const { role, content, images, toolCalls = [] } = message;
  switch (role) {
    case 'system':
      return { role, content };
    case 'user':
      return userMessage(content, images);
    case 'assistant':
      open.push(...toolCalls);
      return assistantMessage(content, toolCalls);
    case 'tool':
      return { role, tool_call_id: answeredCall(message, open), content };
  }
}

/** @param images base64 without a prefix */
export function userMessage(text: string, images: readonly string[] = []): object {
  if (images.length === 0) return { role: 'user', content: text };
  const pictures = images.map((image) => ({ type: 'image_url', image_url: { url: dataUrl(image) } }));
  return { role: 'user', content: [{ type: 'text', text }, ...pictures] };
}

function dataUrl(image: string): string {
  const [, type = 'image/png'] = pictureTypes.find(([start]) => image.startsWith(start)) ?? [];
  return `data:${type};base64,${image}`;
}

function assistantMessage(content: string, toolCalls: readonly ToolCall[]): object {
  if (toolCalls.length === 0) return { role: 'assistant', content };
  return {
    role: 'assistant',
    content: content === '' ? null : content,
    tool_calls: toolCalls.map(({ id, name, arguments: args }) => ({
      id,
      type: 'function',
      function: { name, arguments: args },
    })),
  };
}

/** Takes the call out of those that are open. */
function answeredCall({ toolCallId, toolName }: ChatMessage, open: ToolCall[]): string {
  const matches = ({ id, name }: ToolCall): boolean =>
    toolCallId === undefined ? toolName === undefined || name === toolName : id === toolCallId;
  const at = open.findIndex(matches);
  const [call] = at < 0 ? [] : open.splice(at, 1);
  const id = toolCallId ?? call?.id;
  if (id !== undefined) return id;
  const message = 'A tool message in the conversation answers no call: give it the id of one, or remove it.';
  throw new ServerTrouble(failed('input.refused', message));
}
