import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { KoubouError } from '../../machines/errors.ts';
import type { FacadeFailure } from '../facade-failure.ts';

/** How Ollama tells what is wrong: one sentence. */
export interface OllamaError {
  readonly error: string;
}

/** A refusal of whatever door, in the shape of this one. */
export function ollamaRefusal({ message }: KoubouError): OllamaError {
  return { error: message };
}

export function refused(c: Context, status: ContentfulStatusCode, message: string): Response {
  return c.json({ error: message } satisfies OllamaError, status);
}

/** In Ollama's words: clients look for them. */
export function modelUnknown(c: Context, model: string): Response {
  return refused(c, 404, notFound(model));
}

/** Why a task has no answer. */
export function failed(c: Context, model: string, failure: FacadeFailure): Response {
  return refused(c, failure.status as ContentfulStatusCode, failureText(model, failure));
}

export function failureText(model: string, { code, message }: FacadeFailure): string {
  return code === 'model.unknown' ? `${notFound(model)}: ${message}` : message;
}

function notFound(model: string): string {
  return `model '${model}' not found`;
}
