import type { ErrorCode, KoubouError } from '../machines/errors.ts';

/** The codes that clients of the REST interface know. */
export const wireCodes = [
  'INVALID_REQUEST',
  'TASK_NOT_FOUND',
  'WORKER_UNAVAILABLE',
  'TIMEOUT',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'PAYLOAD_TOO_LARGE',
  'CONFLICT',
  'SERVER_ERROR',
] as const;
type WireCode = (typeof wireCodes)[number];

/** The one place that knows HTTP: what each refusal is called on the wire, and its status. */
const table: Record<ErrorCode, readonly [number, WireCode]> = {
  'request.invalid': [400, 'INVALID_REQUEST'],
  'request.too_large': [413, 'PAYLOAD_TOO_LARGE'],
  'route.unknown': [404, 'INVALID_REQUEST'],
  'task.unknown': [404, 'TASK_NOT_FOUND'],
  'task.ended': [409, 'CONFLICT'],
  'record.cut': [410, 'INVALID_REQUEST'],
  'idempotency.conflict': [409, 'CONFLICT'],
  'auth.missing': [401, 'UNAUTHORIZED'],
  'auth.forbidden': [403, 'FORBIDDEN'],
  'rate.limited': [429, 'RATE_LIMITED'],
  'pool.full': [429, 'RATE_LIMITED'],
  'pool.draining': [503, 'WORKER_UNAVAILABLE'],
  'worker.unavailable': [503, 'WORKER_UNAVAILABLE'],
  'worker.unknown': [404, 'INVALID_REQUEST'],
  'worker.conflict': [409, 'CONFLICT'],
  'actor.conflict': [409, 'CONFLICT'],
  'token.unknown': [404, 'INVALID_REQUEST'],
  'wait.timeout': [504, 'TIMEOUT'],
  'storage.unavailable': [503, 'SERVER_ERROR'],
  'storage.corrupt': [503, 'SERVER_ERROR'],
  'home.locked': [500, 'SERVER_ERROR'],
  'home.unusable': [500, 'SERVER_ERROR'],
  'port.taken': [500, 'SERVER_ERROR'],
  'config.invalid': [500, 'SERVER_ERROR'],
  'reload.refused': [400, 'INVALID_REQUEST'],
  internal: [500, 'SERVER_ERROR'],
};

export function statusOf(code: ErrorCode): number {
  return table[code][0];
}

/** The body of a refusal: `{"error": {code, message, details}}`. Never a stack, never a path. */
export function errorBody(error: KoubouError) {
  return { error: { code: table[error.code][1], message: error.message, details: error.details } };
}
