import { DurationBook, type Run, type RunQuery } from '../../src/machines/duration-book.ts';
import { workerId } from '../../src/machines/identifiers.ts';

/** What is asked of a book, and the name of a worker that is another one. */
export const query: RunQuery = {
  workerId: workerId('local_001'),
  model: 'gpt-oss:20b',
  taskType: 'general',
  promptChars: 500,
};
export const otherWorker = workerId('remote_001');

/** Runs of what is asked, but for these parts. */
export function learnAll(
  book: DurationBook,
  durationsMs: readonly number[],
  parts: Partial<Run> = {},
): DurationBook {
  for (const durationMs of durationsMs) book.learn({ ...query, ...parts, durationMs });
  return book;
}

export function bookOf(durationsMs: readonly number[], parts: Partial<Run> = {}): DurationBook {
  return learnAll(new DurationBook(), durationsMs, parts);
}

export const times = (count: number, durationMs: number) => Array.from({ length: count }, () => durationMs);
