import type { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { KoubouError } from '../machines/errors.ts';

/**
 * Has refusals at some paths told as the clients there expect them, whoever refuses: the locks in front of all paths
 * know nothing of the interfaces behind. Status and headers stay as they are.
 *
 * @param bodyOf what nobody foresaw comes as `internal`, in words that may be shown
 */
export function shapeRefusals(
  app: Hono,
  isHere: (path: string) => boolean,
  bodyOf: (refusal: KoubouError) => object,
): void {
  // It has no other name, and nothing else gets to see what an earlier handler throws.
  const before = app['errorHandler'];
  app.onError(async (error, c) => {
    const answer = await before(error, c);
    if (!isHere(c.req.path)) return answer;
    return c.json(bodyOf(shownRefusal(error)), answer.status as ContentfulStatusCode);
  });
}

/** A refusal that may be shown, whatever was thrown. */
export function shownRefusal(error: unknown): KoubouError {
  if (error instanceof KoubouError) return error;
  return new KoubouError('internal', 'something went wrong here; the server log says what');
}
