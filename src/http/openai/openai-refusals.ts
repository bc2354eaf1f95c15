import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ErrorCode, KoubouError } from '../../machines/errors.ts';
import { statusOf } from '../error-table.ts';
import type { FacadeFailure } from '../facade-failure.ts';

/** An error as OpenAI writes it down, in an answer and in the middle of a stream alike. */
export interface OpenAiError {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** OpenAI's own codes, where it has one; else ours, since clients look at the status. */
const codes: Partial<Record<ErrorCode, string>> = {
  'request.invalid': 'invalid_value',
  'route.unknown': 'unknown_url',
  'auth.missing': 'invalid_api_key',
  'rate.limited': 'rate_limit_exceeded',
  'pool.full': 'rate_limit_exceeded',
  internal: 'internal_error',
};

export function openAiRefusal({ code, message, details }: KoubouError): OpenAiError {
  return errorOf(statusOf(code), message, codes[code] ?? code.replace('.', '_'), paramOf(details));
}

/** Why a task has no answer. */
export function openAiFailure({ status, code, message }: FacadeFailure): OpenAiError {
  const [theirs, param] =
    code === 'model.unknown' ? ['model_not_found', 'model'] : [code.replace('.', '_'), null];
  return errorOf(status, message, theirs, param);
}

/** Answers a failure that another try of the client would only repeat: the pool has tried often enough. */
export function refuseFor(c: Context, failure: FacadeFailure): Response {
  c.header('x-should-retry', 'false');
  return c.json(openAiFailure(failure), failure.status as ContentfulStatusCode);
}

function errorOf(status: number, message: string, code: string, param: string | null): OpenAiError {
  return { error: { message, type: typeOf(status), param, code } };
}

function typeOf(status: number): string {
  if (status >= 500) return 'server_error';
  if (status === 429) return 'rate_limit_error';
  return status === 403 ? 'permission_error' : 'invalid_request_error';
}

/** The field that is to be mended, where it is one. */
function paramOf({ param, issues }: Readonly<Record<string, unknown>>): string | null {
  if (typeof param === 'string') return param;
  const first: unknown = Array.isArray(issues) ? issues[0] : undefined;
  if (typeof first !== 'object' || first === null || !('path' in first)) return null;
  return typeof first.path === 'string' && first.path !== '' ? first.path : null;
}
