import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { KoubouError } from '../machines/errors.ts';
import { limits } from '../machines/limits.ts';
import type { IdempotencyKey } from '../runtime/delegation.ts';

/**
 * The `Idempotency-Key` of a request with the fingerprint of what was asked for; `null` without one. The body counts as
 * it was sent: a `delay` means another moment each time it is read, and the same wish.
 *
 * @throws KoubouError `request.invalid`
 */
export function idempotencyOf(c: Context, body: unknown): IdempotencyKey | null {
  const key = c.req.header('idempotency-key');
  if (key === undefined) return null;
  if (key.length === 0 || key.length > limits.idempotencyKeyCharsMax) {
    throw new KoubouError(
      'request.invalid',
      `Idempotency-Key must have 1 to ${limits.idempotencyKeyCharsMax} characters`,
    );
  }
  return { key, fingerprint: createHash('sha256').update(JSON.stringify(body, sortedKeys)).digest('hex') };
}

/** The same members in another order are the same request. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
