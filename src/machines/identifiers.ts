/** Names of tasks, workers and leases. Branded, so that one cannot stand where another belongs. */

/** `task_<YYYYMMDD>_<HHMMSS>_<µs>_<suffix>`, time in UTC; the suffix is unguessable, since whoever knows the id may read the task. */
export type TaskId = string & { readonly __brand: 'TaskId' };

/** The `worker_id` of `workers.yaml`. */
export type WorkerId = string & { readonly __brand: 'WorkerId' };

/** The fencing token of a lease: a number that only grows, over restarts too. */
export type AssignmentId = number & { readonly __brand: 'AssignmentId' };

const taskIdShape = /^task_\d{8}_\d{6}_\d{6}(?:_[0-9a-z]{1,32})?$/;

/** Reads a task id from outside; `undefined` when the text cannot be one. */
export function parseTaskId(text: string): TaskId | undefined {
  return taskIdShape.test(text) ? (text as TaskId) : undefined;
}

/** Marks a configured worker name as an id. */
export function workerId(text: string): WorkerId {
  return text as WorkerId;
}

/** Marks a number taken from the lease counter as an id. */
export function assignmentId(value: number): AssignmentId {
  return value as AssignmentId;
}
