/** Which rows of a long list are drawn. */
export interface RowWindow {
  readonly from: number;
  /** Behind the last one. */
  readonly to: number;
}

/** Rows drawn above and below what is seen, so that nothing is blank while it scrolls. */
const spareRows = 8;

/** @param heightPx of what is seen; a list of a million rows costs what a screen full of them does */
export function windowOf(scrollTopPx: number, heightPx: number, rowPx: number, rows: number): RowWindow {
  const from = Math.max(0, Math.min(Math.floor(scrollTopPx / rowPx) - spareRows, rows));
  const to = Math.min(rows, Math.ceil((scrollTopPx + heightPx) / rowPx) + spareRows);
  return { from, to: Math.max(from, to) };
}

/** Where to scroll to so that a row is seen whole; where it is, if it is. */
export function scrollTopFor(row: number, scrollTopPx: number, heightPx: number, rowPx: number): number {
  const topPx = row * rowPx;
  if (topPx < scrollTopPx) return topPx;
  return Math.max(scrollTopPx, topPx + rowPx - heightPx);
}
