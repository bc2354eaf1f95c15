import type { Terminal } from './terminal.ts';
import { cutToWidth, displayWidth, oneLine, padToWidth } from './text-width.ts';

const gap = '  ';
/** The last column is cut to what is left of the line, but never below this. */
const lastColumnMin = 20;

/** Rows under headings, each column as wide as its widest cell; the last one is cut at the edge of the terminal. */
export function printTable(
  terminal: Terminal,
  headings: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): void {
  const texts = rows.map((row) => row.map((cell) => (cell === null ? '-' : oneLine(String(cell)))));
  const last = headings.length - 1;
  const widths = headings.map((heading, column) =>
    Math.max(displayWidth(heading), ...texts.map((row) => displayWidth(row[column] ?? ''))),
  );
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap.length, 0);
  const room =
    terminal.columns === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(lastColumnMin, terminal.columns - before);
  const lineOf = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === last ? cutToWidth(cell, room) : padToWidth(cell, widths[column] ?? 0),
      )
      .join(gap)
      .trimEnd();
  terminal.line(terminal.paint('dim', lineOf(headings)));
  for (const row of texts) terminal.line(lineOf(row));
}

/** Names and values below each other; a value that is `null` is left out. */
export function printFields(
  terminal: Terminal,
  fields: readonly (readonly [name: string, value: string | number | null])[],
): void {
  const width = Math.max(...fields.map(([name]) => displayWidth(name)));
  for (const [name, value] of fields) {
    if (value !== null) terminal.line(`${padToWidth(name, width)}${gap}${oneLine(String(value))}`);
  }
}
