import type { Terminal } from './terminal.ts';
import { oneLine, printable } from './text-width.ts';
import { preciseLocalTime } from './time-text.ts';

const colours = { warn: 'yellow', error: 'red', fatal: 'red', debug: 'dim', trace: 'dim' } as const;
/** Told in a place of their own, or of no use to people. */
const placed = new Set(['level', 'time', 'pid', 'worker', 'msg', 'err', 'seq']);

/** A JSON line of a log as one line for people (an error adds its stack); what is not JSON is shown as it is. */
export function formatLogLine(line: string, terminal: Pick<Terminal, 'paint'>): string {
  const record = recordOf(line);
  if (record === undefined) return printable(line);
  const level = String(record['level'] ?? '');
  const word = level.toUpperCase().padEnd(5);
  const colour = colours[level as keyof typeof colours];
  const worker = record['worker'] === undefined ? '' : ` [${oneLine(String(record['worker']))}]`;
  const details = Object.entries(record)
    .filter(([name, value]) => !placed.has(name) && value !== null)
    .map(([name, value]) => ` ${terminal.paint('dim', `${name}=`)}${detailText(value)}`);
  const head = `${preciseLocalTime(String(record['time'] ?? ''))} ${colour === undefined ? word : terminal.paint(colour, word)}`;
  const message = oneLine(String(record['msg'] ?? ''));
  return `${head}${worker} ${message}${details.join('')}${stackText(record['err'])}`;
}

/** Epoch ms of a line, 0 where it has no time. */
export function timeOfLine(line: string): number {
  const time = Date.parse(String(recordOf(line)?.['time'] ?? ''));
  return Number.isNaN(time) ? 0 : time;
}

function recordOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Cut off by a full disk or a crash.
  }
}

function detailText(value: unknown): string {
  if (typeof value !== 'string') return printable(JSON.stringify(value));
  return /^[^\s"]+$/.test(value) ? printable(value) : JSON.stringify(oneLine(value));
}

function stackText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const text = 'stack' in error ? String(error.stack) : JSON.stringify(error);
  return `\n${printable(text).replace(/^/gm, '    ')}`;
}
