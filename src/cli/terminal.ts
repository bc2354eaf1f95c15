import { createInterface } from 'node:readline';
import type { Environment } from '../config/expansion.ts';
import { printable } from './text-width.ts';

type Colour = 'red' | 'green' | 'yellow' | 'dim';

/** Data goes to stdout, talk to stderr. */
export interface Terminal {
  /** Data as it is; what a terminal would take for commands of its own is left out there. */
  data(text: string): void;
  /** A line of data. */
  line(text: string): void;
  /** One JSON value on one line. */
  json(value: unknown): void;
  /** A line of talk. */
  say(text: string): void;
  /** A line of talk that the next one replaces; nothing where nobody watches. */
  progress(text: string): void;
  /** Whether somebody is there who can be asked. */
  readonly canAsk: boolean;
  /** Asks on stderr and reads one line of stdin, without its end; nothing where stdin has ended. */
  ask(question: string): Promise<string>;
  /** Columns of stdout, where it is a terminal. */
  readonly columns: number | undefined;
  /** Colours text of stdout, where colours are wanted (`NO_COLOR`). */
  paint(colour: Colour, text: string): string;
}

const codes: Record<Colour, number> = { red: 31, green: 32, yellow: 33, dim: 2 };

interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function openTerminal({ stdin, stdout, stderr }: Streams, env: Environment): Terminal {
  const isColoured = stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  let shown = '';
  const clearProgress = () => {
    if (shown !== '') stderr.write('\r\x1b[K');
    shown = '';
  };
  const data = (text: string) => {
    clearProgress();
    stdout.write(stdout.isTTY ? printable(text) : text);
  };
  return {
    data,
    line: (text) => {
      clearProgress();
      stdout.write(`${text}\n`);
    },
    json: (value) => data(`${JSON.stringify(value)}\n`),
    say: (text) => {
      clearProgress();
      stderr.write(`${text}\n`);
    },
    progress: (text) => {
      if (!stderr.isTTY || text === shown) return;
      clearProgress();
      stderr.write(text);
      shown = text;
    },
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    ask: (question) => {
      clearProgress();
      return askLine(stdin, stderr, question);
    },
    columns: stdout.isTTY ? stdout.columns : undefined,
    paint: (colour, text) => (isColoured ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text),
  };
}

/** The terminal keeps its own line editing, so that Ctrl-C ends the command as anywhere else. */
function askLine(stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream, question: string): Promise<string> {
  const reader = createInterface({ input: stdin, output: stderr, terminal: false });
  return new Promise((resolve) => {
    reader.once('close', () => resolve(''));
    reader.question(question, (line) => {
      resolve(line);
      reader.close();
    });
  });
}

/**
 * Hears when nobody takes the data any more: a reader that has seen enough (`koubou tasks | head`, `EPIPE`), a terminal
 * that was closed (`EIO`), a file on a full disk. Talk that nobody hears changes nothing.
 */
export function watchPipes(
  { stdout, stderr }: Pick<Streams, 'stdout' | 'stderr'>,
  onStdoutLost: (code: string | undefined) => void,
): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => onStdoutLost(error.code));
  stderr.on('error', () => undefined);
}
