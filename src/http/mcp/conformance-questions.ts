import type { ElicitRequestFormParams, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './conformance-content.ts';

type Asked = ElicitRequestFormParams['requestedSchema'];

/** Tools that ask their client while they run, as the revisions with `initialize` do it. */
export function questionTools(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: 'Asks the model of the client.', inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, ctx) => {
      const content = { type: 'text', text: prompt } as const;
      const reply = await ctx.mcpReq.requestSampling({
        messages: [{ role: 'user', content }],
        maxTokens: 100,
      });
      return text(`LLM response: ${JSON.stringify(reply.content)}`);
    },
  );
  const asking = (name: string, message: string, requestedSchema: Asked) =>
    server.registerTool(
      name,
      { description: 'Asks the user.', inputSchema: z.object({ message: z.string().optional() }) },
      async (args, ctx) => {
        const reply = await ctx.mcpReq.elicitInput({ message: args.message ?? message, requestedSchema });
        return text(`User response: action=${reply.action}, content=${JSON.stringify(reply.content ?? {})}`);
      },
    );
  asking('test_elicitation', 'What do you say?', {
    type: 'object',
    properties: { response: { type: 'string', description: "User's response" } },
    required: ['response'],
  });
  asking('test_elicitation_sep1034_defaults', 'Please review the defaults', {
    type: 'object',
    properties: {
      name: { type: 'string', default: 'John Doe' },
      age: { type: 'integer', default: 30 },
      score: { type: 'number', default: 95.5 },
      status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
      verified: { type: 'boolean', default: true },
    },
    required: [],
  });
  asking('test_elicitation_sep1330_enums', 'Please select', choices);
}

const titled = (noun: string) =>
  ['First', 'Second', 'Third'].map((which, place) => ({
    const: `value${place + 1}`,
    title: `${which} ${noun}`,
  }));

const choices: Asked = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: titled('Option') },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: {
      type: 'array',
      minItems: 1,
      maxItems: 3,
      items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    },
    titledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { anyOf: titled('Choice') } },
  },
  required: [],
};
