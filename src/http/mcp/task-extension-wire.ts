import type { CallToolResult, JSONObject } from '@modelcontextprotocol/server';
import { mcpTaskLimits } from '../../machines/mcp-task-limits.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import { progressOf } from './task-progress.ts';
import { awaitedAnswer } from './task-report.ts';

/** The name under which clients and servers say that they speak it. */
export const tasksExtension = 'io.modelcontextprotocol/tasks';

/** A task, as the extension has it on the wire. Times are ISO 8601 in UTC. */
export interface WireTask {
  readonly taskId: string;
  readonly status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';
  /** For people and models. */
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  /** From its creation on; `null` when it is kept for good. */
  readonly ttlMs: number | null;
  readonly pollIntervalMs?: number;
}

/** What `tasks/get` and `notifications/tasks` tell: with what belongs to the status. */
export type DetailedTask = WireTask & {
  /** Of a completed one: what the call would have been answered with. */
  readonly result?: CallToolResult;
  /** Of a failed one: the JSON-RPC error. What a tool itself calls a failure is a completed task. */
  readonly error?: { readonly code: number; readonly message: string };
  /** Of one that waits for its client: what it wants to know, by key. */
  readonly inputRequests?: JSONObject;
};

/** A task of ours. It is kept until an operator clears it away, hence without an end that could be promised. */
export function wireTask(task: TaskView): WireTask {
  const about = {
    taskId: task.task_id,
    createdAt: task.created_at,
    lastUpdatedAt: task.updated_at,
    ttlMs: null,
    pollIntervalMs: pollIntervalMs(task),
  };
  switch (task.status) {
    case 'pending':
    case 'in_progress':
      return { ...about, status: 'working', statusMessage: workingMessage(task) };
    case 'completed':
      return { ...about, status: 'completed' };
    case 'failed':
      // "failed" is kept for errors of the protocol; a tool that failed has completed, with an error as its result.
      return { ...about, status: 'completed', ...messageOf(task.result?.error) };
    case 'cancelled':
      return { ...about, status: 'cancelled', ...messageOf(task.result?.error) };
  }
}

export function detailedTask(task: TaskView): DetailedTask {
  const wire = wireTask(task);
  return wire.status === 'completed' ? { ...wire, result: awaitedAnswer(task) } : wire;
}

/** Its place in the queue, and when it is expected to end, by the clock: it may be read later than it was said. */
function workingMessage(task: TaskView): string {
  const finish = task.prediction?.finish ?? null;
  const by = finish === null ? '' : ` (half of such tasks by ${finish.p50}, nine of ten by ${finish.p90})`;
  return `${progressOf(task)}${by}`;
}

function messageOf(message: string | null | undefined): Pick<WireTask, 'statusMessage'> {
  return message ? { statusMessage: message } : {};
}

/** Half of what is left, so that a task is found ended soon after it has, and a long queue is not asked all the time. */
function pollIntervalMs({ prediction }: TaskView): number {
  const leftMs = (prediction?.in_seconds.finish_p50 ?? 0) * 1_000;
  const { pollMsMin, pollMsMax } = mcpTaskLimits;
  return Math.round(Math.min(Math.max(leftMs / 2, pollMsMin), pollMsMax));
}
