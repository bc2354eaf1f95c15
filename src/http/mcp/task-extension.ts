import { type McpServer, ProtocolError, ProtocolErrorCode, type Result } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { KoubouError } from '../../machines/errors.ts';
import { parseTaskId, type TaskId } from '../../machines/identifiers.ts';
import { delegateOne, delegateToolName } from './delegate-tools.ts';
import type { McpPorts } from './mcp-ports.ts';
import { refusal } from './mcp-tool.ts';
import { aroundHandler, assertDeclaresTasks, declaresTasks } from './task-extension-handlers.ts';
import { detailedTask, tasksExtension, wireTask } from './task-extension-wire.ts';

const named = z.looseObject({ taskId: z.string() });

/**
 * MCP's tasks extension (`io.modelcontextprotocol/tasks`, revision 2026-07-28). A client that declares it gets a task at
 * once from `koubou_delegate_task`, which is on disk by then; its id is that of our task. Our tasks ask their client for
 * nothing, so `tasks/update` has nothing to hand on. To be called when the tools are registered.
 */
export function installTaskExtension(mcp: McpServer, ports: McpPorts): void {
  const { server } = mcp;
  server.registerCapabilities({ extensions: { [tasksExtension]: {} } });
  aroundHandler(mcp, 'tools/call', async ({ params = {} }, ctx, inner) => {
    if (params['name'] !== delegateToolName || !declaresTasks(ctx)) return inner();
    return createTask(ports, params['arguments']);
  });
  server.setRequestHandler('tasks/get', { params: named }, ({ taskId }, ctx) => {
    assertDeclaresTasks(ctx);
    return about(ports, taskId, (id) => ({ ...detailedTask(ports.runtime.task(id)) }));
  });
  server.setRequestHandler('tasks/update', { params: named }, ({ taskId }, ctx) => {
    assertDeclaresTasks(ctx);
    return about(ports, taskId, (id) => {
      ports.runtime.task(id); // Unknown ones are refused.
      return {};
    });
  });
  server.setRequestHandler('tasks/cancel', { params: named }, ({ taskId }, ctx) => {
    assertDeclaresTasks(ctx);
    return about(ports, taskId, async (id) => {
      await cancel(ports, id);
      return {};
    });
  });
}

/** What cannot be accepted is told as the tool tells it. */
async function createTask(ports: McpPorts, args: unknown): Promise<Result> {
  const { runtime } = ports;
  try {
    const id = await delegateOne(ports, args);
    const task = { ...runtime.task(id), prediction: runtime.prediction(id) };
    return { resultType: 'task', ...wireTask(task) };
  } catch (error) {
    return { ...refusal(error, ports.log, `the tool ${delegateToolName}`) };
  }
}

/** An ending stands; that it was to be cancelled is acknowledged all the same. */
async function cancel({ runtime }: McpPorts, id: TaskId): Promise<void> {
  try {
    await runtime.cancel(id);
  } catch (error) {
    if (!(error instanceof KoubouError && error.code === 'task.ended')) throw error;
  }
}

/** @throws ProtocolError −32602 for a task that is not known, −32603 for what else goes wrong */
async function about(
  { log }: McpPorts,
  taskId: string,
  tell: (id: TaskId) => Result | Promise<Result>,
): Promise<Result> {
  const id = parseTaskId(taskId);
  try {
    if (id === undefined) throw new KoubouError('task.unknown', 'there is no such task');
    return await tell(id);
  } catch (error) {
    if (!(error instanceof KoubouError)) log.error({ err: error }, 'a request about a task failed');
    const [code, message] = toldOf(error);
    throw new ProtocolError(code, message);
  }
}

function toldOf(error: unknown): readonly [ProtocolErrorCode, string] {
  if (!(error instanceof KoubouError))
    return [ProtocolErrorCode.InternalError, 'something went wrong here; the server log says what'];
  return error.code === 'task.unknown'
    ? [ProtocolErrorCode.InvalidParams, error.message]
    : [ProtocolErrorCode.InternalError, error.message];
}
