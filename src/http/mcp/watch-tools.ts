import type { McpServer } from '@modelcontextprotocol/server';
import { mcpLimits } from '../../machines/mcp-limits.ts';
import type { McpPorts } from './mcp-ports.ts';
import { getTaskInput, listTasksInput, taskIdNamed, taskListSchema, waitTaskInput } from './mcp-schemas.ts';
import { addTool, answer } from './mcp-tool.ts';
import { waitForTask } from './task-progress.ts';
import { awaitedAnswer, taskAnswer, taskReportSchema } from './task-report.ts';

export const looks = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

const rowsNormal = 20;

/** Tools that look at tasks. */
export function watchTools(server: McpServer, ports: McpPorts): void {
  const { runtime, log } = ports;
  addTool(
    server,
    log,
    {
      name: 'koubou_get_task',
      title: 'Look at a task',
      description:
        'What a delegated task does now, or how it ended, with its answer. A long answer comes in parts: go on with output_offset. A failed task is told of as such; attempts: true tells who tried it and what went wrong.',
      input: getTaskInput,
      output: taskReportSchema,
      annotations: looks,
    },
    ({ task_id, output_offset = 0, output_limit = mcpLimits.outputCharsMax, attempts }) => {
      const id = taskIdNamed(task_id);
      const part = { offset: output_offset, limit: output_limit };
      return taskAnswer(
        runtime.task(id),
        part,
        attempts === true ? { attempt_list: runtime.attempts(id) } : {},
      );
    },
  );
  addTool(
    server,
    log,
    {
      name: 'koubou_wait_task',
      title: 'Wait for a task',
      description:
        'Waits until a task has ended and answers with its answer; a task that failed or was cancelled is an error of this tool. If it takes longer than wait_seconds, this tells how it goes, and the task goes on: wait again, or do something else first. Ending the call ends the wait alone.',
      input: waitTaskInput,
      output: taskReportSchema,
      annotations: looks,
    },
    async ({ task_id, wait_seconds }, ctx) => {
      const waitMs = wait_seconds === undefined ? mcpLimits.waitMsDefault : wait_seconds * 1_000;
      return awaitedAnswer(await waitForTask(ports, taskIdNamed(task_id), waitMs, ctx));
    },
  );
  addTool(
    server,
    log,
    {
      name: 'koubou_list_tasks',
      title: 'List tasks',
      description:
        'Tasks, the newest first, of all clients or of one status, without their answers. Use it to find an id again or to see how a bulk goes.',
      input: listTasksInput,
      output: taskListSchema,
      annotations: looks,
    },
    async ({ status = null, limit = rowsNormal, cursor }) => {
      const before = cursor === undefined ? null : Number(cursor);
      const page = await runtime.list({ kind: 'page', status, limit, offset: 0, before });
      const tasks = page.tasks.map(rowOf);
      const lines = tasks.map(
        (task) =>
          `${task.task_id} ${task.status} ${task.type} priority ${task.priority}: ${oneLine(task.summary)}`,
      );
      const more = page.next_cursor === null ? '' : `\nMore with cursor "${page.next_cursor}".`;
      const text = `${tasks.length} of ${page.total}.\n${lines.join('\n')}${more}`;
      return answer({ tasks, total: page.total, next_cursor: page.next_cursor }, text);
    },
  );
}

interface ListedTask {
  readonly task_id: string;
  readonly status: string;
  readonly type: string;
  readonly priority: number;
  readonly summary: string;
  readonly result: { readonly error: string | null } | null;
  readonly worker_id: string | null;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

function rowOf(row: ListedTask) {
  const { task_id, status, type, priority, summary, result, worker_id, created_by } = row;
  const { created_at, updated_at } = row;
  const error = result?.error ?? null;
  return { task_id, status, type, priority, summary, error, worker_id, created_by, created_at, updated_at };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
