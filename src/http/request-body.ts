import type { Context } from 'hono';
import type { z } from 'zod';
import { KoubouError } from '../machines/errors.ts';
import { limits } from '../machines/limits.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the body as JSON, whatever its content type says: the original did, and its clients rely on it.
 *
 * @throws KoubouError `request.invalid` with what is wrong and where
 */
export async function readJson(c: Context): Promise<unknown> {
  const value = parse(decode(await readBytes(c)));
  assertShallow(value);
  return value;
}

/** A body that says its length is refused before it is read; one that does not, as soon as it is too long. */
async function readBytes(c: Context): Promise<Uint8Array> {
  const announced = c.req.header('content-length');
  if (announced !== undefined) {
    if (Number(announced) > limits.bodyBytesMax) throw tooLarge();
    return new Uint8Array(await c.req.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.byteLength;
    if (size > limits.bodyBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): KoubouError {
  const megabytes = limits.bodyBytesMax / 1_048_576;
  return new KoubouError(
    'request.too_large',
    `the body is larger than ${megabytes} MiB; send less at a time`,
  );
}

function decode(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) throw invalid('the body is empty; send a JSON object');
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw invalid('the body is not valid UTF-8', error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid('the body is not valid JSON', error);
  }
}

/** Walks level by level, not by recursion: the depth of what comes from outside is not ours to trust. */
function assertShallow(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.jsonDepthMax)
      throw invalid(`the body is nested deeper than ${limits.jsonDepthMax} levels`);
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      for (const child of Object.values(item))
        if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
}

/**
 * Checks a value from outside against a schema.
 *
 * @throws KoubouError `request.invalid`; its message names each field and what was expected there
 */
export function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 20).map((issue) => ({
    path: issue.path.map(String).join('.'),
    message: issue.message,
  }));
  const summary = issues
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
  throw new KoubouError('request.invalid', summary, { details: { issues } });
}

function invalid(message: string, cause?: unknown): KoubouError {
  return new KoubouError('request.invalid', message, { cause });
}
