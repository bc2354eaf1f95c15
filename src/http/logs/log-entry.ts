import { z } from 'zod';

export const lineTypes = ['info', 'success', 'warning', 'error', 'processing'] as const;
export type LineType = (typeof lineTypes)[number];

/** A line of a log as its readers get it. */
export interface LogEntry {
  /** ISO 8601 in UTC. */
  readonly timestamp: string;
  /** The worker that it is about; `system` for what is about none. */
  readonly worker: string;
  readonly type: LineType;
  /** At most 200 characters; a longer one is cut, and ends in dots. */
  readonly message: string;
}

/** Under this name stands what is about no worker, as in the original. */
export const systemName = 'system';

const messageCharsMax = 200;

export function cutMessage(text: string): string {
  if (text.length <= messageCharsMax) return text;
  // Never half of a character.
  return `${text.slice(0, messageCharsMax - 3).replace(/[\uD800-\uDBFF]$/, '')}...`;
}

/** A whole number of a query, or the default; what is too large is lowered to `max` and not refused. */
export function cappedCount(normal: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .optional()
    .transform((text) => (text === undefined ? normal : Number(text)))
    .pipe(z.int().min(1))
    .transform((count) => Math.min(count, max));
}

/** `?worker&type`: what is empty or `all` narrows nothing. */
export const entryFilterSchema = z.object({
  worker: z.string().optional().transform(unlessAll),
  type: z.string().optional().transform(unlessAll).pipe(z.enum(lineTypes).nullable()),
});

export type EntryFilter = z.output<typeof entryFilterSchema>;

export function matches({ worker, type }: EntryFilter, entry: LogEntry): boolean {
  return (worker === null || entry.worker === worker) && (type === null || entry.type === type);
}

function unlessAll(text: string | undefined): string | null {
  return text === undefined || text === '' || text === 'all' ? null : text;
}
