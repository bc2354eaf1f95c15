import { KoubouError } from '../../machines/errors.ts';
import { parseTaskId, type TaskId } from '../../machines/identifiers.ts';
import type { StreamEvent } from '../../runtime/history.ts';
import type { AttemptView } from '../../runtime/operation.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import type { Runtime } from '../../runtime.ts';

/** A task as the resolvers of `Task` take it. */
export interface TaskSource {
  readonly id: string;
  readonly content: object;
  readonly status: TaskView['status'];
  readonly priority: number;
  readonly result: object | null;
  readonly createdBy: string | null;
  readonly assignedTo: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A row of a list: prompt and output are cut. */
type TaskRow = Awaited<ReturnType<typeof Runtime.prototype.list<{ kind: 'pending'; limit: number }>>>[number];

export function taskOfView(view: TaskView): TaskSource {
  const { files, options, created_by: createdBy } = view.metadata;
  return {
    id: view.task_id,
    content: { type: view.type, prompt: view.prompt, files, options },
    status: view.status,
    priority: view.priority,
    result: view.result,
    createdBy: typeof createdBy === 'string' ? createdBy : null,
    assignedTo: view.worker_id,
    createdAt: view.created_at,
    updatedAt: view.updated_at,
  };
}

export function taskOfRow(row: TaskRow): TaskSource {
  return {
    id: row.task_id,
    content: { type: row.type, prompt: row.prompt },
    status: row.status,
    priority: row.priority,
    result: row.result,
    createdBy: row.created_by,
    assignedTo: row.assigned_to,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The task of an id from outside; `null` for what is not known, or cannot be one. */
export function taskNamed(runtime: Runtime, text: string): TaskView | null {
  const id = parseTaskId(text);
  if (id === undefined) return null;
  try {
    return runtime.task(id);
  } catch (error) {
    if (error instanceof KoubouError && error.code === 'task.unknown') return null;
    throw error;
  }
}

/** A task that is tried for ever has more; its first say what it is. */
const eventsMax = 500;

/** What a task has besides its row. */
export function taskFields(runtime: Runtime) {
  return {
    events: ({ id }: TaskSource) => eventsOf(runtime, id as TaskId),
    attempts: ({ id }: TaskSource) => runtime.attempts(id as TaskId).map(attemptOf),
    prediction: ({ id }: TaskSource) => runtime.task(id as TaskId).prediction,
  };
}

function eventsOf(runtime: Runtime, taskId: TaskId): readonly StreamEvent[] {
  const events: StreamEvent[] = [];
  const keep = (event: StreamEvent) => {
    if (events.length < eventsMax) events.push(event);
  };
  // What is on record is told before it returns.
  const leave = runtime.follow(
    taskId,
    { seq: 0, offset: 0 },
    { onEvent: keep, onText: () => undefined, onEnd: () => undefined },
  );
  leave();
  return events;
}

function attemptOf(attempt: AttemptView) {
  return {
    number: attempt.attempt,
    workerId: attempt.worker_id,
    model: attempt.model,
    status: attempt.status,
    assignedAt: attempt.assigned_at,
    endedAt: attempt.ended_at,
    durationMs: attempt.duration_ms,
    reason: attempt.reason,
    outcome: attempt.outcome,
  };
}
