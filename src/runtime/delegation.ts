import type { WaitingRow } from '../db/tasks-table.ts';
import type { AcceptedTask, TaskMetadata } from '../machines/facts.ts';
import type { TaskId } from '../machines/identifiers.ts';
import type { TaskTicket } from '../machines/task-board.ts';

/** What somebody wants done, as the doors hand it in: parsed and within its limits. */
export interface TaskSpec {
  readonly prompt: string;
  readonly taskType: string;
  /** 1 to 10; 10 comes first. */
  readonly priority: number;
  readonly files: readonly string[];
  /** Where the answer is also written, relative to `outputs/` of the home folder. */
  readonly outputFile: string | null;
  /** As the client sent them: timeout (s), model, temperature, num_ctx, retry_count, … */
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

export function acceptedTask(spec: TaskSpec, taskId: TaskId, seq: number): AcceptedTask {
  const metadata: TaskMetadata = {
    files: spec.files,
    output_file: spec.outputFile,
    options: spec.options,
    created_by: spec.createdBy,
    ...(spec.retryOf === undefined ? {} : { retry_of: spec.retryOf }),
  };
  const { prompt, taskType, priority, runAtMs } = spec;
  return { taskId, seq, prompt, taskType, priority, runAtMs, metadata };
}

/** What the pool holds of a task that has just been accepted. */
export function newTicket(task: AcceptedTask, retriesMax: number, nowMs: number): TaskTicket {
  return {
    taskId: task.taskId,
    seq: task.seq,
    priority: task.priority,
    taskType: task.taskType,
    model: textOption(task.metadata, 'model'),
    leases: 0,
    failures: 0,
    retriesMax: retriesOf(task.metadata, retriesMax),
    delayMs: delayUntil(task.runAtMs, nowMs),
  };
}

/** What the pool holds of a task that waited as a row. */
export function ticketOfRow(row: WaitingRow, retriesMax: number, nowMs: number): TaskTicket {
  const metadata = JSON.parse(row.metadata) as TaskMetadata;
  return {
    taskId: row.taskId as TaskId,
    seq: row.seq,
    priority: row.priority,
    taskType: row.taskType,
    model: textOption(metadata, 'model'),
    leases: row.leases,
    failures: row.failures,
    retriesMax: retriesOf(metadata, retriesMax),
    delayMs: delayUntil(row.runAtMs, nowMs),
  };
}

function delayUntil(runAtMs: number | null, nowMs: number): number {
  return runAtMs === null ? 0 : Math.max(0, runAtMs - nowMs);
}

/** An option that is text, or `null`. */
export function textOption({ options }: TaskMetadata, name: string): string | null {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** An option that is a number, or `null`. */
export function numberOption({ options }: TaskMetadata, name: string): number | null {
  const value = options[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function retriesOf(metadata: TaskMetadata, byDefault: number): number {
  return numberOption(metadata, 'retry_count') ?? byDefault;
}
