import type { CallToolResult } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { mcpLimits } from '../../machines/mcp-limits.ts';
import { taskStatuses } from '../../machines/task-status.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import { answer } from './mcp-tool.ts';
import { progressOf } from './task-progress.ts';
import { pageOf } from './text-page.ts';

const span = z.looseObject({ p50: z.string(), p90: z.string() }).nullable();

export const predictionSchema = z
  .looseObject({
    place: z.int().nullable().describe('In the queue; 1 is next.'),
    start: span,
    finish: span,
    basis: z.string().describe('What it was told from.'),
  })
  .nullable()
  .describe('When it is expected to start and to finish; null once it has ended.');

/** A task as tools answer it. */
export const taskReportSchema = z.looseObject({
  task_id: z.string(),
  status: z.enum(taskStatuses),
  state: z.string().describe('Finer: scheduled, queued, backing_off, running, or the ending.'),
  type: z.string(),
  priority: z.int(),
  success: z.boolean().nullable().describe('null until it has ended.'),
  output: z.string().nullable().describe('The answer, or the part of it that was asked for.'),
  output_chars: z.int().nullable().describe('Length of the whole answer.'),
  output_next_offset: z.int().nullable().describe('Where the rest begins; null when there is none.'),
  error: z.string().nullable(),
  error_code: z.string().nullable(),
  worker_id: z.string().nullable(),
  attempts: z.int(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  usage: z.looseObject({}).nullable(),
  prediction: predictionSchema,
  resource: z.string().describe('Its URI as a resource.'),
});

interface OutputPart {
  readonly offset: number;
  readonly limit: number;
}

const beginning: OutputPart = { offset: 0, limit: mcpLimits.outputCharsMax };

export function taskReport(task: TaskView, { offset, limit }: OutputPart = beginning) {
  const { result } = task;
  const page = result === null ? null : pageOf(result.output, offset, limit);
  return {
    task_id: task.task_id,
    status: task.status,
    state: task.state,
    type: task.type,
    priority: task.priority,
    success: task.ended_at === null ? null : task.status === 'completed',
    output: page?.text ?? null,
    output_chars: page?.totalChars ?? null,
    output_next_offset: page?.nextOffset ?? null,
    error: result?.error ?? null,
    error_code: result?.error_code ?? null,
    worker_id: task.worker_id,
    attempts: task.attempts,
    created_at: task.created_at,
    started_at: task.started_at,
    ended_at: task.ended_at,
    usage: result?.usage ?? null,
    prediction: task.prediction,
    resource: taskUri(task.task_id),
  };
}

/** A task as the result of a tool. */
export function taskAnswer(task: TaskView, part?: OutputPart, more: object = {}): CallToolResult {
  const report = taskReport(task, part);
  return answer({ ...report, ...more }, textOf(report, task));
}

/**
 * The result of a call that was to bring an answer: a task that has ended without one is an error of the tool, and one
 * that goes on says how to come back to it.
 */
export function awaitedAnswer(task: TaskView, more: object = {}): CallToolResult {
  const result = taskAnswer(task, undefined, more);
  return task.ended_at === null || task.status === 'completed' ? result : { ...result, isError: true };
}

export function taskUri(taskId: string): string {
  return `koubou://tasks/${taskId}`;
}

/** For a completed task the answer comes first, and alone: it is what was asked for. */
function textOf(report: ReturnType<typeof taskReport>, task: TaskView): string {
  const { task_id, status, error, error_code, output, output_next_offset, output_chars } = report;
  switch (status) {
    case 'completed': {
      const rest =
        output_next_offset === null
          ? ''
          : `\n\n[${output_chars} characters in all. The rest: koubou_get_task with task_id "${task_id}" and output_offset ${output_next_offset}.]`;
      return `${output}${rest}`;
    }
    case 'failed':
      return `Task ${task_id} failed after ${count(task.attempts, 'attempt')}${error_code === null ? '' : ` (${error_code})`}: ${error ?? 'no reason was given'}\nkoubou_get_task with attempts: true tells of each attempt; koubou_retry_task tries it again as a new task.`;
    case 'cancelled':
      return `Task ${task_id} was cancelled. koubou_retry_task tries it again as a new task.`;
    case 'pending':
    case 'in_progress':
      return `Task ${task_id} goes on: it ${progressOf(task)}.\nIt is on disk and survives restarts. koubou_wait_task waits for its ending, koubou_get_task looks at it, koubou_cancel_task ends it.`;
  }
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
