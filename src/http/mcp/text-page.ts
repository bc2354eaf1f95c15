/** A part of a long text. Offsets count characters as JavaScript does. */
interface TextPage {
  readonly text: string;
  readonly offset: number;
  readonly totalChars: number;
  /** Where the next page begins; `null` when this is the last one. */
  readonly nextOffset: number | null;
}

/** At most `limit` characters from `offset` on, and one more rather than half of a character. */
export function pageOf(whole: string, offset: number, limit: number): TextPage {
  const start = boundary(whole, Math.min(offset, whole.length), -1);
  const end = boundary(whole, Math.min(start + limit, whole.length), 1);
  return {
    text: whole.slice(start, end),
    offset: start,
    totalChars: whole.length,
    nextOffset: end < whole.length ? end : null,
  };
}

function boundary(whole: string, at: number, step: 1 | -1): number {
  const splits = /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(whole.slice(Math.max(0, at - 1), at + 1));
  return splits ? at + step : at;
}
