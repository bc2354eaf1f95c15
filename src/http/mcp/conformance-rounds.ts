import { randomBytes } from 'node:crypto';
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  type InputRequests,
  inputRequired,
  type McpServer,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './conformance-content.ts';
import { aroundHandler, objectOr } from './task-extension-handlers.ts';

/** What a tool knows of its earlier rounds; the client carries it, so it is sealed. */
const sealed = createRequestStateCodec<{ readonly round: number }>({ key: randomBytes(32) });

const ask = (message: string, field: string) =>
  inputRequired.elicit({ message, requestedSchema: z.object({ [field]: z.string() }) });
const confirm = inputRequired.elicit({
  message: 'Please confirm',
  requestedSchema: z.object({ ok: z.boolean() }),
});
const sample = (words: string) =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: words } }],
    maxTokens: 100,
  });

/** The question after a name, which the tools of tasks ask, too. */
export const nameAsked: InputRequests = { user_name: ask('What is your name?', 'name') };

export function nameGiven(ctx: ServerContext): string | undefined {
  return acceptedContent(ctx.mcpReq.inputResponses, 'user_name', z.object({ name: z.string() }))?.name;
}

/** Tools that ask their client in rounds, as the stateless revision does it: each round is a call of its own. */
export function roundTools(server: McpServer): void {
  const single = { description: 'Asks once.' };
  for (const name of ['test_input_required_result_elicitation', 'test_streaming_elicitation'])
    server.registerTool(name, single, (ctx) => {
      const given = nameGiven(ctx);
      return given === undefined ? inputRequired({ inputRequests: nameAsked }) : text(`Hello, ${given}!`);
    });
  askingOnce(server, 'test_input_required_result_sampling', {
    capital_question: sample('What is the capital of France?'),
  });
  askingOnce(server, 'test_input_required_result_list_roots', { client_roots: inputRequired.listRoots() });
  askingSealed(server, 'test_input_required_result_request_state', { confirm });
  askingSealed(server, 'test_input_required_result_tampered_state', { confirm });
  askingSealed(server, 'test_input_required_result_multiple_inputs', {
    ...nameAsked,
    greeting: sample('Generate a greeting'),
    client_roots: inputRequired.listRoots(),
  });
  multiRound(server);
  server.registerTool('test_input_required_result_capabilities', single, (ctx) => {
    const declared = capabilitiesOf(ctx);
    const inputRequests: InputRequests = {
      ...('sampling' in declared ? { sampled: sample('Say something') } : {}),
      ...('elicitation' in declared ? nameAsked : {}),
    };
    return Object.keys(inputRequests).length === 0
      ? text('There is nobody to ask.')
      : inputRequired({ inputRequests });
  });
  server.registerPrompt('test_input_required_result_prompt', { description: 'Asks first.' }, (ctx) => {
    const schema = z.object({ context: z.string() });
    const given = acceptedContent(ctx.mcpReq.inputResponses, 'user_context', schema);
    if (given === undefined)
      return inputRequired({
        inputRequests: { user_context: ask('What context should the prompt use?', 'context') },
      });
    return { messages: [{ role: 'user', content: { type: 'text', text: `Context: ${given.context}` } }] };
  });
}

/** What must be refused before a tool runs, since within it every error is a result. To be called after the tools. */
export function roundGuards(server: McpServer): void {
  server.registerTool('test_missing_capability', { description: 'Needs sampling.' }, () => text('Sampled.'));
  aroundHandler(server, 'tools/call', async ({ params = {} }, ctx, inner) => {
    if (params['name'] === 'test_missing_capability' && !('sampling' in capabilitiesOf(ctx)))
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
    const state = ctx.mcpReq.requestState();
    if (typeof state === 'string') await unseal(state, ctx);
    return inner();
  });
}

function askingOnce(server: McpServer, name: string, inputRequests: InputRequests): void {
  server.registerTool(name, { description: 'Asks once.' }, (ctx) => {
    const replies = ctx.mcpReq.inputResponses ?? {};
    const missing = Object.keys(inputRequests).some((key) => !(key in replies));
    return missing ? inputRequired({ inputRequests }) : text(JSON.stringify(replies));
  });
}

function askingSealed(server: McpServer, name: string, inputRequests: InputRequests): void {
  server.registerTool(name, { description: 'Asks once, and knows that it did.' }, async (ctx) => {
    const replies = ctx.mcpReq.inputResponses ?? {};
    const state = ctx.mcpReq.requestState<string>();
    const missing = Object.keys(inputRequests).some((key) => !(key in replies));
    if (missing || state === undefined)
      return inputRequired({ inputRequests, requestState: await sealed.mint({ round: 1 }, ctx) });
    return text(`state-ok ${JSON.stringify(replies)}`);
  });
}

function multiRound(server: McpServer): void {
  const questions = [
    ask('Step 1: What is your name?', 'name'),
    ask('Step 2: What is your favorite color?', 'color'),
  ];
  server.registerTool(
    'test_input_required_result_multi_round',
    { description: 'Asks twice, one after the other.' },
    async (ctx) => {
      const state = ctx.mcpReq.requestState<string>();
      const asked = state === undefined ? 0 : (await unseal(state, ctx)).round;
      const answered = `step${asked}` in (ctx.mcpReq.inputResponses ?? {});
      const round = answered ? asked + 1 : Math.max(asked, 1);
      const question = questions[round - 1];
      if (question === undefined) return text('Both steps are done.');
      const requestState = await sealed.mint({ round }, ctx);
      return inputRequired({ inputRequests: { [`step${round}`]: question }, requestState });
    },
  );
}

/** @throws ProtocolError −32602 for what was not sealed here */
async function unseal(state: string, ctx: ServerContext): Promise<{ readonly round: number }> {
  try {
    return await sealed.verify(state, ctx);
  } catch (cause) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid or expired requestState', {
      cause: `${cause}`,
    });
  }
}

function capabilitiesOf(ctx: ServerContext): Readonly<Record<string, unknown>> {
  return objectOr(objectOr(ctx.mcpReq.envelope)[CLIENT_CAPABILITIES_META_KEY]);
}
