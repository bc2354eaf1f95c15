import { KoubouError } from '../machines/errors.ts';

/** A refusal that may be shown, whatever was thrown. */
export function shownRefusal(error: unknown): KoubouError {
  if (error instanceof KoubouError) return error;
  return new KoubouError('internal', 'something went wrong here; the server log says what');
}
