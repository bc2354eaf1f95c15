import type { Job } from '../actors/execution.ts';
import type { Config } from '../config/settings.ts';
import { type HeldRow, metadataOf } from '../db/tasks-table.ts';
import type { TaskMetadata } from '../machines/facts.ts';
import type { AssignmentId, TaskId } from '../machines/identifiers.ts';
import { sameModel } from '../machines/model-choice.ts';
import type { AnswerFormat } from '../machines/model-request.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import { numberOption } from './delegation.ts';
import { attemptOf } from './tracing.ts';

/** Options that steer Koubou itself; all others are the model's. */
const ours = new Set(['timeout', 'model', 'retry_count', 'cache', 'format']);

/** The context that the model file gives a model, in tokens. */
export function numCtxOf({ models }: Config): (model: string) => number | null {
  return (model) => {
    const value = catalogEntry(models.catalog, model)?.options['num_ctx'];
    return typeof value === 'number' ? value : null;
  };
}

function catalogEntry(catalog: Config['models']['catalog'], model: string) {
  return Object.values(catalog).find(({ name }) => sameModel(name, model));
}

/**
 * What a worker is asked to do for a row, and where its answer goes besides: the model file under the task's own
 * options, within what the worker takes.
 *
 * @param model the one that the lease was given for
 */
export function jobOf(
  row: HeldRow & { readonly taskId: TaskId; readonly assignmentId: AssignmentId },
  worker: WorkerConfig,
  model: string | null,
  config: Config,
): Job & { readonly outputFile: string | null } {
  const metadata = metadataOf(row);
  const timeoutS = numberOption(metadata, 'timeout');
  const { defaultTimeoutMs, remoteTimeoutMs } = config.execution;
  const byLocation = worker.location === 'local' ? defaultTimeoutMs : remoteTimeoutMs;
  return {
    taskId: row.taskId,
    assignmentId: row.assignmentId,
    taskType: row.taskType,
    priority: row.priority,
    prompt: row.prompt,
    request: metadata.request ?? null,
    format: formatOf(metadata),
    files: metadata.files,
    outputFile: metadata.output_file,
    model,
    sampling: samplingOf(metadata, worker, model, config),
    // A task that tries another again is not content with the same answer.
    fresh: metadata.options['cache'] === false || metadata.retry_of !== undefined,
    deadlineMs: timeoutS === null ? (worker.networkTimeoutMs ?? byLocation) : timeoutS * 1_000,
    ...attemptOf(row, metadata),
  };
}

function formatOf({ options }: TaskMetadata): AnswerFormat | null {
  const format = options['format'];
  if (format === 'json') return format;
  return typeof format === 'object' && format !== null ? (format as AnswerFormat) : null;
}

function samplingOf(
  { options }: TaskMetadata,
  { maxTokens }: WorkerConfig,
  model: string | null,
  { models }: Config,
): Readonly<Record<string, unknown>> {
  const asked = Object.fromEntries(Object.entries(options).filter(([name]) => !ours.has(name)));
  const catalog = model === null ? undefined : catalogEntry(models.catalog, model)?.options;
  const sampling: Record<string, unknown> = { ...catalog, ...asked };
  if (maxTokens === null) return sampling;
  const context = sampling['num_ctx'];
  return { ...sampling, num_ctx: typeof context === 'number' ? Math.min(context, maxTokens) : maxTokens };
}
