import { taskTypeNamed } from '../config/task-types.ts';
import type { TaskSpec } from '../runtime/delegation.ts';
import type { Delegation } from './task-schemas.ts';

/** Everything that clients send; `metadata` is accepted and not read. */
export const delegationFields = [
  'prompt',
  'content',
  'priority',
  'sync',
  'type',
  'task_type',
  'files',
  'output_file',
  'options',
  'delay',
  'run_at',
  'wait',
  'created_by',
  'metadata',
];

/** What a delegation asks for, in the terms of the runtime. */
export function specOf(body: Delegation, nowMs: number): TaskSpec {
  return {
    prompt: body.prompt ?? body.content ?? '',
    taskType: taskTypeNamed(body.task_type ?? body.type ?? 'general'),
    priority: body.priority ?? 5,
    files: body.files ?? [],
    outputFile: body.output_file ?? null,
    options: body.options ?? {},
    runAtMs: runAtOf(body, nowMs),
    createdBy: body.created_by ?? 'rest',
  };
}

function runAtOf({ run_at, delay }: Delegation, nowMs: number): number | null {
  const asked = run_at ? Date.parse(run_at) : nowMs + (delay ?? 0) * 1_000;
  return asked > nowMs ? Math.round(asked) : null;
}
