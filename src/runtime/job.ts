import type { Job } from '../actors/execution.ts';
import type { ModelSettings } from '../config/settings.ts';
import { metadataOf, type TaskRow } from '../db/tasks-table.ts';
import type { AssignmentId, TaskId } from '../machines/identifiers.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import { numberOption, textOption } from './delegation.ts';

/** Options that steer Koubou itself; all others are the model's. */
const ours = new Set(['timeout', 'model', 'retry_count']);

export interface JobSettings {
  readonly models: Pick<ModelSettings, 'defaultModel' | 'catalog'>;
  /** How long one attempt may take, by the location of its worker. */
  readonly timeoutMs: { readonly local: number; readonly remote: number };
}

/** What a worker is asked to do for a row, and where its answer goes besides: the model file under the worker under the task's own options. */
export function jobOf(
  row: TaskRow,
  worker: WorkerConfig,
  settings: JobSettings,
): Job & { readonly outputFile: string | null } {
  const metadata = metadataOf(row);
  const model = textOption(metadata, 'model') ?? worker.model ?? settings.models.defaultModel;
  const entry = Object.values(settings.models.catalog).find(({ name }) => name === model);
  const asked = Object.entries(metadata.options).filter(([name]) => !ours.has(name));
  const timeoutS = numberOption(metadata, 'timeout');
  return {
    taskId: row.taskId as TaskId,
    assignmentId: row.assignmentId as AssignmentId,
    taskType: row.taskType,
    priority: row.priority,
    prompt: row.prompt,
    files: metadata.files,
    outputFile: metadata.output_file,
    model,
    sampling: { ...entry?.options, ...Object.fromEntries(asked) },
    deadlineMs:
      timeoutS === null ? (worker.networkTimeoutMs ?? settings.timeoutMs[worker.location]) : timeoutS * 1_000,
  };
}
