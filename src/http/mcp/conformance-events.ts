import { setTimeout as pause } from 'node:timers/promises';
import type { McpServer, ServerContext, ServerNotifier } from '@modelcontextprotocol/server';
import { text } from './conformance-content.ts';

/** Between two messages of a tool, in ms: the suite wants to see them come one by one. */
const stepMs = 50;
/** How long a client has to come back, in ms, whose stream was closed. */
const comeBackMs = 100;

/** Tools that tell something before they answer, or have the server tell it to all who listen. */
export function eventTools(server: McpServer, notifier: ServerNotifier): void {
  const log = (ctx: ServerContext, words: string) => ctx.mcpReq.log('info', words);
  server.registerTool('test_tool_with_logging', { description: 'Logs three lines.' }, async (ctx) => {
    await log(ctx, 'Tool execution started');
    await pause(stepMs);
    await log(ctx, 'Tool processing data');
    await pause(stepMs);
    await log(ctx, 'Tool execution completed');
    return text('Tool with logging executed successfully');
  });
  server.registerTool(
    'test_logging_tool',
    { description: 'Logs a line, if that is wanted.' },
    async (ctx) => {
      await log(ctx, 'A line');
      return text('Logged, if that was wanted.');
    },
  );
  server.registerTool('test_tool_with_progress', { description: 'Tells its progress.' }, async (ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
      const params = { progressToken, progress, total: 100, message: `Completed step ${progress} of 100` };
      await ctx.mcpReq.notify({ method: 'notifications/progress', params });
      await pause(stepMs);
    }
    return text(String(progressToken ?? 'no progress was wanted'));
  });
  server.registerTool(
    'test_reconnection',
    { description: 'Closes its stream, and goes on.' },
    async (ctx) => {
      ctx.http?.closeSSE?.();
      await pause(comeBackMs);
      return text('Whoever reads this has come back.');
    },
  );
  server.registerTool(
    'test_trigger_tool_change',
    { description: 'Says that the tools have changed.' },
    () => {
      notifier.toolsChanged();
      return text('Told.');
    },
  );
  server.registerTool(
    'test_trigger_prompt_change',
    { description: 'Says that the prompts have changed.' },
    () => {
      notifier.promptsChanged();
      return text('Told.');
    },
  );
}
