import type { FailureCode } from '../machines/outcome.ts';
import type { TaskView } from '../runtime/task-view.ts';

/** Why a task has no answer, for the client of a model's own interface. */
export interface FacadeFailure {
  readonly status: number;
  /** One of {@link FailureCode}, or `task.cancelled`. */
  readonly code: string;
  /** One sentence, fit to be shown. */
  readonly message: string;
}

/**
 * What HTTP calls each failure. All of these are final: the task was tried again as often as it is worth it, so that a
 * client need not.
 */
const statuses: Record<FailureCode, number> = {
  'backend.unreachable': 503,
  'backend.busy': 503,
  'backend.error': 502,
  'backend.cut': 502,
  'backend.garbage': 502,
  'backend.no_answer': 504,
  'backend.empty': 502,
  'model.unknown': 404,
  'input.refused': 400,
  'input.too_long': 400,
  'output.invalid': 422,
  'execution.timeout': 504,
  'execution.crashed': 500,
  'execution.too_large': 502,
  'worker.lost': 503,
  'leases.exhausted': 503,
  'actor.crashed': 500,
};

/** @returns `null` for a task that was completed */
export function failureOf({ task_id, status, result }: TaskView): FacadeFailure | null {
  if (status === 'completed') return null;
  const code = result?.error_code ?? null;
  if (status === 'cancelled' || code === null)
    return {
      status: 409,
      code: 'task.cancelled',
      message: `${task_id} was cancelled before it had an answer`,
    };
  const message = result?.error ?? `${task_id} failed`;
  return { status: isFailureCode(code) ? statuses[code] : 500, code, message };
}

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(statuses, code);
}
