/** Every code with which Koubou refuses something. Doors map them to their own numbers in one table each. */
export type ErrorCode =
  | 'request.invalid'
  | 'request.too_large'
  | 'route.unknown'
  | 'task.unknown'
  | 'task.ended'
  | 'record.cut'
  | 'idempotency.conflict'
  | 'auth.missing'
  | 'auth.forbidden'
  | 'rate.limited'
  | 'pool.full'
  | 'pool.draining'
  | 'worker.unavailable'
  | 'worker.unknown'
  | 'worker.conflict'
  | 'actor.conflict'
  | 'token.unknown'
  | 'wait.timeout'
  | 'storage.unavailable'
  | 'storage.corrupt'
  | 'home.locked'
  | 'home.unusable'
  | 'port.taken'
  | 'config.invalid'
  | 'reload.refused'
  | 'internal';

export interface KoubouErrorOptions extends ErrorOptions {
  /** Facts that help the reader to mend it; shown to clients, so no paths and no stacks. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** When trying again may help, in ms. */
  readonly retryAfterMs?: number;
}

/** An error with a code. Its message says what was wrong and what to do; it is fit to be shown. */
export class KoubouError extends Error {
  override readonly name = 'KoubouError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: KoubouErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }
}
