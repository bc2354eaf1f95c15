import { closest } from 'fastest-levenshtein';
import type { TaskSpec } from '../runtime/delegation.ts';
import type { Delegation } from './task-schemas.ts';

const fields = [
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
  const type = body.task_type ?? body.type ?? 'general';
  return {
    prompt: body.prompt ?? body.content ?? '',
    taskType: type === 'code' ? 'code_generation' : type,
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

/** Fields that nobody reads are accepted, as ever, but not in silence: `prioritty` is a mistake. */
export function warningsOf(body: Delegation): readonly string[] {
  return Object.keys(body)
    .filter((name) => !fields.includes(name))
    .slice(0, 10)
    .map(
      (name) => `unknown field "${name.slice(0, 100)}" was ignored; did you mean "${closest(name, fields)}"?`,
    );
}
