import { msOfSql } from '../db/sql-time.ts';
import type { WaitingRow } from '../db/tasks-table.ts';
import type { AcceptedTask, TaskMetadata } from '../machines/facts.ts';
import type { TaskId } from '../machines/identifiers.ts';
import { suggestModel } from '../machines/model-choice.ts';
import { type ModelRequest, textOfRequest } from '../machines/model-request.ts';
import type { TaskTicket } from '../machines/task-ticket.ts';
import { estimateTokens } from '../machines/token-estimate.ts';
import type { CurrentConfig } from './current-config.ts';
import type { TaskOrigin } from './tracing.ts';

/** What somebody wants done, as the doors hand it in: parsed and within its limits. */
export interface TaskSpec {
  readonly prompt: string;
  readonly taskType: string;
  /** 1 to 10; 10 comes first. */
  readonly priority: number;
  readonly files: readonly string[];
  /** Where the answer is also written, relative to `outputs/` of the home folder. */
  readonly outputFile: string | null;
  /** What a client of a model's own interface asks for, beside the prompt or in its place. */
  readonly request?: ModelRequest;
  /** As the client sent them: timeout (s), model, temperature, num_ctx, retry_count, format, … */
  readonly options: Readonly<Record<string, unknown>>;
  /** Earliest start, epoch ms; `null` for now. */
  readonly runAtMs: number | null;
  /** The door or the user that it came from. */
  readonly createdBy: string;
  /** The ended task that this one tries again. */
  readonly retryOf?: TaskId;
}

/** Under which a client may ask again: the same key with the same fingerprint gives the same tasks. */
export interface IdempotencyKey {
  readonly key: string;
  /** Of the request, as the door saw it. */
  readonly fingerprint: string;
}

/** Of a file that is put before a prompt; what it holds is not looked at until then. */
const bytesPerToken = 4;

/**
 * @param fileBytes size of the files that it names, as far as they are there now
 * @param origin the request that asked for it
 */
export function acceptedTask(
  spec: TaskSpec,
  taskId: TaskId,
  seq: number,
  fileBytes: number,
  origin: TaskOrigin,
): AcceptedTask {
  const { prompt, taskType, priority, runAtMs } = spec;
  const text = spec.request === undefined ? prompt : sizedText(prompt, spec.request);
  const metadata: TaskMetadata = {
    files: spec.files,
    output_file: spec.outputFile,
    options: spec.options,
    created_by: spec.createdBy,
    ...(spec.request === undefined ? {} : { request: spec.request }),
    ...(spec.retryOf === undefined ? {} : { retry_of: spec.retryOf }),
    ...(runAtMs === null ? {} : { not_before: runAtMs }),
    ...origin,
    size: {
      chars: text.length + fileBytes,
      tokens: estimateTokens(text) + Math.ceil(fileBytes / bytesPerToken),
    },
  };
  return { taskId, seq, prompt, taskType, priority, runAtMs, metadata };
}

/** A conversation holds its prompt as the last that was said; what else is asked for stands beside it. */
function sizedText(prompt: string, request: ModelRequest): string {
  const text = textOfRequest(request);
  return request.kind === 'completion' ? `${prompt}\n${text}` : text;
}

/**
 * What the pool holds of a task that has just been accepted.
 *
 * @param acceptedMs of the wall clock, but never before the one of a task that came earlier
 */
export function newTicket(
  task: AcceptedTask,
  config: CurrentConfig,
  nowMs: number,
  acceptedMs: number,
): TaskTicket {
  const wear = { leases: 0, failures: 0, fallbacks: 0 };
  return ticket({ ...task, ...wear }, task.metadata, config, { nowMs, acceptedMs });
}

/** What the pool holds of a task that waited as a row. */
export function ticketOfRow(row: WaitingRow, config: CurrentConfig, nowMs: number): TaskTicket {
  const metadata = JSON.parse(row.metadata) as TaskMetadata;
  const acceptedMs = msOfSql(row.createdAt);
  return ticket({ ...row, taskId: row.taskId as TaskId }, metadata, config, { nowMs, acceptedMs });
}

interface Waiting extends Omit<WaitingRow, 'taskId' | 'metadata' | 'createdAt'> {
  readonly taskId: TaskId;
}

function ticket(
  { taskId, seq, priority, taskType, leases, failures, fallbacks, runAtMs }: Waiting,
  metadata: TaskMetadata,
  config: CurrentConfig,
  { nowMs, acceptedMs }: { readonly nowMs: number; readonly acceptedMs: number },
): TaskTicket {
  const { chars = 0, tokens = null } = metadata.size ?? {};
  const model = textOption(metadata, 'model');
  return {
    taskId,
    seq,
    priority,
    taskType,
    requestKind: metadata.request?.kind ?? 'text',
    sinceMs: Math.max(acceptedMs, metadata.not_before ?? 0),
    model,
    suggestedModel: suggestModel({ taskType, promptChars: chars }, config.now.models),
    fallbacks,
    fallbackModel: model === null ? (config.fallbackChain[fallbacks - 1] ?? null) : null,
    promptChars: chars,
    promptTokens: tokens,
    answerTokens: Math.max(1, numberOption(metadata, 'num_predict') ?? 1),
    numCtx: numberOption(metadata, 'num_ctx'),
    leases,
    failures,
    retriesMax: numberOption(metadata, 'retry_count') ?? config.retriesMax,
    delayMs: runAtMs === null ? 0 : Math.max(0, runAtMs - nowMs),
  };
}

/** An option that is text, or `null`. */
function textOption({ options }: TaskMetadata, name: string): string | null {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** An option that is a number, or `null`. */
export function numberOption({ options }: TaskMetadata, name: string): number | null {
  const value = options[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
