/** `YYYY-MM-DD HH:MM:SS.mmm` in UTC: what SQLite's `datetime()` writes, with milliseconds, so that both sort together. */
export function sqlTime(epochMs: number): string {
  if (epochMs !== last.epochMs) {
    const iso = new Date(epochMs).toISOString();
    last = { epochMs, text: `${iso.slice(0, 10)} ${iso.slice(11, 23)}` };
  }
  return last.text;
}

/** The many writes of one commit are of the same few milliseconds. */
let last = { epochMs: Number.NaN, text: '' };

/** The same moment as clients read it: ISO 8601 in UTC. */
export function isoTime(text: string): string {
  return `${text.replace(' ', 'T')}Z`;
}

/** The same moment in epoch ms. */
export function msOfSql(text: string): number {
  return Date.parse(isoTime(text));
}
