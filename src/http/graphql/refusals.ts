import { GraphQLError } from 'graphql';
import { KoubouError } from '../../machines/errors.ts';
import type { AppLog } from '../door-app.ts';
import { errorBody } from '../error-table.ts';

/** @throws KoubouError `request.invalid` for an argument that is too small */
export function atLeast(argument: string, value: number, min: number): number {
  if (value >= min) return value;
  throw new KoubouError('request.invalid', `${argument}: must be at least ${min}`);
}

/** A refusal for a result that has a place for it: `success: false`, and why. */
export interface Refused {
  readonly success: false;
  readonly message: string;
  readonly code: string;
}

/** @throws whatever is no refusal: a fault of ours is not an answer */
export function refused(error: unknown): Refused {
  if (!(error instanceof KoubouError)) throw error;
  return { success: false, message: error.message, code: errorBody(error).error.code };
}

/** A refusal as GraphQL tells it: the message, and the code among the extensions. */
export function refusalError(error: KoubouError): GraphQLError {
  const { code, message, details } = errorBody(error).error;
  return new GraphQLError(message, { extensions: { ...details, code } });
}

/** What clients see of an error in an answer. What nobody foresaw is for the log. */
export function shownError(error: unknown, log: AppLog): Error {
  if (!(error instanceof GraphQLError)) {
    if (error instanceof KoubouError) return refusalError(error);
    return unexpected(error, log);
  }
  const cause = causeOf(error);
  if (cause === undefined) return error; // GraphQL itself objects.
  const { nodes, path } = error;
  const told = (message: string, extensions: Record<string, unknown>) =>
    new GraphQLError(message, { nodes: nodes ?? null, path: path ?? null, extensions });
  if (cause instanceof KoubouError) {
    const { code, message, details } = errorBody(cause).error;
    return told(message, { ...details, code });
  }
  return told(unexpected(cause, log).message, { code: 'SERVER_ERROR' });
}

/** What a resolver threw; `undefined` when GraphQL itself objects. */
function causeOf(error: GraphQLError): Error | undefined {
  let { originalError } = error;
  while (originalError instanceof GraphQLError) originalError = originalError.originalError;
  return originalError ?? undefined;
}

function unexpected(error: unknown, log: AppLog): GraphQLError {
  log.error({ err: error }, 'a GraphQL request failed');
  return new GraphQLError('something went wrong here; the server log says what', {
    extensions: { code: 'SERVER_ERROR' },
  });
}
