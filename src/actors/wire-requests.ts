/** What is asked of a model beside its prompt, and what it answers beside its text, as both travel to joined workers and back. */

import { z } from 'zod';
import { linkLimits } from '../machines/link-limits.ts';
import {
  type AnswerFormat,
  type ChatMessage,
  type ChatRequest,
  type ChatTool,
  type ModelReply,
  type ModelRequest,
  requestKinds,
} from '../machines/model-request.ts';
import { wireLimits } from '../machines/wire-limits.ts';

const name = z.string().min(1).max(linkLimits.nameCharsMax);
const images = z.array(z.string()).max(wireLimits.picturesMax);
const schema = z.record(z.string(), z.unknown());

const toolCall = z.object({ id: name, name, arguments: z.string() });
const toolCalls = z.array(toolCall).max(wireLimits.toolsMax);

const message = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
  images: images.exactOptional(),
  tool_calls: toolCalls.exactOptional(),
  tool_call_id: name.exactOptional(),
  tool_name: name.exactOptional(),
});

const tool = z.object({
  name,
  description: z.string().exactOptional(),
  parameters: schema.exactOptional(),
});

const chat = z.object({
  kind: z.literal('chat'),
  messages: z.array(message).min(1).max(wireLimits.messagesMax),
  tools: z.array(tool).max(wireLimits.toolsMax).exactOptional(),
  tool_choice: z.union([z.enum(['auto', 'none', 'required']), z.object({ name })]).exactOptional(),
});

const completion = z.object({
  kind: z.literal('completion'),
  system: z.string().exactOptional(),
  template: z.string().exactOptional(),
  suffix: z.string().exactOptional(),
  raw: z.boolean().exactOptional(),
  images: images.exactOptional(),
});

const embedding = z.object({
  kind: z.literal('embedding'),
  inputs: z.array(z.string().min(1)).min(1).max(wireLimits.inputsMax),
  dimensions: z.int().min(1).exactOptional(),
});

export const wireRequest = z.discriminatedUnion('kind', [chat, completion, embedding]);
export const wireFormat = z.union([z.literal('json'), schema]);
export const wireReply = z.object({
  tool_calls: toolCalls.exactOptional(),
  thinking: z.string().exactOptional(),
});

/** What a worker takes beside plain prompts. A kind that this version does not know is no reason to turn it away. */
export const wireRequestKinds = z
  .array(name)
  .max(linkLimits.labelsMax)
  .transform((kinds) => announcedKinds.filter((kind) => kinds.includes(kind)));

/** All that a worker of this version takes beside plain prompts. */
export const announcedKinds = requestKinds.filter((kind) => kind !== 'text');

type WireRequest = z.output<typeof wireRequest>;
type WireMessage = z.output<typeof message>;
type WireReply = z.output<typeof wireReply>;

export function wireRequestOf(request: ModelRequest): WireRequest {
  switch (request.kind) {
    case 'chat': {
      const { toolChoice: choice } = request;
      return {
        kind: 'chat',
        messages: request.messages.map(wireMessageOf),
        ...(request.tools && { tools: request.tools.map((each) => ({ ...each })) as WireTool[] }),
        ...(choice !== undefined && {
          tool_choice: typeof choice === 'object' ? { name: choice.name } : choice,
        }),
      };
    }
    case 'completion': {
      const { images: pictures, ...said } = request;
      return { ...said, ...(pictures && { images: [...pictures] }) };
    }
    case 'embedding':
      return { ...request, inputs: [...request.inputs] };
  }
}

type WireTool = z.output<typeof tool>;

function wireMessageOf(said: ChatMessage): WireMessage {
  const { role, content, images: pictures, toolCalls: calls, toolCallId, toolName } = said;
  return {
    role,
    content,
    ...(pictures && { images: [...pictures] }),
    ...(calls && { tool_calls: calls.map((call) => ({ ...call })) }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
    ...(toolName !== undefined && { tool_name: toolName }),
  };
}

export function requestOf(wire: WireRequest): ModelRequest {
  switch (wire.kind) {
    case 'chat': {
      const request: ChatRequest = {
        kind: 'chat',
        messages: wire.messages.map(messageOf),
        ...(wire.tools && { tools: wire.tools satisfies readonly ChatTool[] }),
        ...(wire.tool_choice !== undefined && { toolChoice: wire.tool_choice }),
      };
      return request;
    }
    case 'completion':
    case 'embedding':
      return wire;
  }
}

function messageOf(wire: WireMessage): ChatMessage {
  const {
    role,
    content,
    images: pictures,
    tool_calls: calls,
    tool_call_id: callId,
    tool_name: called,
  } = wire;
  return {
    role,
    content,
    ...(pictures && { images: pictures }),
    ...(calls && { toolCalls: calls }),
    ...(callId !== undefined && { toolCallId: callId }),
    ...(called !== undefined && { toolName: called }),
  };
}

export function wireFormatOf(format: AnswerFormat): z.output<typeof wireFormat> {
  return format === 'json' ? format : { ...format };
}

export function wireReplyOf({ toolCalls: calls, thinking }: ModelReply): WireReply {
  return {
    ...(calls && { tool_calls: calls.map((call) => ({ ...call })) }),
    ...(thinking !== undefined && { thinking }),
  };
}

export function replyOf({ tool_calls: calls, thinking }: WireReply): ModelReply {
  return { ...(calls && { toolCalls: calls }), ...(thinking !== undefined && { thinking }) };
}
