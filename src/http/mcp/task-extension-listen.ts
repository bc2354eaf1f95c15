import {
  CLIENT_CAPABILITIES_META_KEY,
  type McpHttpHandler,
  ProtocolErrorCode,
  type RequestId,
} from '@modelcontextprotocol/server';
import { parseTaskId } from '../../machines/identifiers.ts';
import { mcpTaskLimits } from '../../machines/mcp-task-limits.ts';
import type { McpPorts } from './mcp-ports.ts';
import { capabilitiesNameTasks, objectOr, tasksMissing } from './task-extension-handlers.ts';
import { TaskStream } from './task-extension-stream.ts';

/** The web face of an MCP endpoint. */
export type McpDoor = Pick<McpHttpHandler, 'fetch' | 'close'>;

/**
 * Lets `subscriptions/listen` watch tasks, too (`notifications: {taskIds}`), of which the library knows nothing. All else
 * goes to the handler as it came, the other things that one may subscribe to included. Requests come with their
 * `parsedBody`.
 *
 * @param portsOf asked at each request: what its caller may see
 */
export function withTaskSubscriptions(handler: McpDoor, portsOf: () => Pick<McpPorts, 'runtime'>): McpDoor {
  const open = new Set<TaskStream>();
  return {
    fetch: async (request, options) => {
      if (!isListening(request.headers)) return handler.fetch(request, options);
      const { id, params } = objectOr(options?.parsedBody);
      const { notifications, _meta } = objectOr(params);
      const { taskIds } = objectOr(notifications);
      const response = await handler.fetch(request, options);
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
      if (taskIds === undefined || !isStream || response.body === null) return response;

      const refuse = async (status: number, error: { code: number; message: string; data?: unknown }) => {
        await response.body?.cancel();
        const { code, message, data } = error;
        return Response.json({ jsonrpc: '2.0', id, error: { code, message, data } }, { status });
      };
      if (!capabilitiesNameTasks(objectOr(_meta)[CLIENT_CAPABILITIES_META_KEY]))
        return refuse(400, tasksMissing());
      if (!isListOfText(taskIds))
        return refuse(200, {
          code: ProtocolErrorCode.InvalidParams,
          message: 'notifications.taskIds must be a list of the ids of tasks',
        });
      if (open.size >= mcpTaskLimits.subscriptionsMax)
        return refuse(200, { code: ProtocolErrorCode.InternalError, message: 'Subscription limit reached' });

      const wanted = [...new Set(taskIds)].flatMap((text) => parseTaskId(text) ?? []);
      const stream: TaskStream = new TaskStream(
        portsOf().runtime,
        id as RequestId,
        wanted.slice(0, mcpTaskLimits.watchedTasksMax),
        response.body,
        () => open.delete(stream),
      );
      open.add(stream);
      request.signal.addEventListener('abort', () => stream.cancel(), { once: true });
      const told = new ReadableStream<Uint8Array>(stream, {
        highWaterMark: 0,
        size: (chunk) => chunk?.byteLength ?? 0,
      });
      return new Response(told, { headers: response.headers });
    },
    close: async () => {
      for (const stream of open) stream.finish();
      await handler.close();
    },
  };
}

/** Whether a request subscribes: its answer has no end of its own. */
export function isListening(headers: Headers): boolean {
  return headers.get('mcp-method')?.trim() === 'subscriptions/listen';
}

function isListOfText(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
