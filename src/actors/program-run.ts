import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from './clock.ts';
import { ProcessGroup } from './process-group.ts';

/** Between asking a program to end and killing it, in ms; with the next one it stays under the second that an abort may take. */
const killGraceMs = 500;
/** How long a killed program is waited for: only one that hangs in the kernel needs longer, and it may have it without us. */
const reapMsMax = 300;
/** How long after its exit others may hold its output open. */
const pipeGraceMs = 250;
/** The end of what it said on stderr, where errors stand; the rest is dropped, so that it never waits for us. */
const stderrBytesKept = 64 * 1024;

/** A program to run once. */
export interface Order {
  /** The program and its arguments, as they are: no shell sees them. */
  readonly argv: readonly [string, ...string[]];
  /** All of its environment, but for TMPDIR. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder, made where it is missing, in which the run has one of its own, only for this user. */
  readonly scratch: string;
  /** Aborting it ends the program and what it started: asked at once, killed 500 ms later. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** What it wrote to stdout, in order; never after an abort. */
  readonly onOutput: (bytes: Buffer) => void;
}

/** How a run ended. `code` of what could not begin is the system's, such as ENOENT. */
export type Ending =
  | { readonly kind: 'exited'; readonly code: number; readonly stderr: string }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'noFolder'; readonly code: string }
  | { readonly kind: 'notStarted'; readonly code: string };

/**
 * Runs a program in a folder of its own, which is its working directory and its TMPDIR. When it has ended, for whatever reason,
 * the processes that it left behind are killed and the folder is removed. Rejects only with what `onOutput` threw.
 */
export async function runProgram(order: Order): Promise<Ending> {
  let folder: string;
  try {
    await mkdir(order.scratch, { recursive: true, mode: 0o700 });
    folder = await mkdtemp(join(order.scratch, 'run-'));
  } catch (error) {
    return { kind: 'noFolder', code: codeOf(error) };
  }
  try {
    return order.signal.aborted ? { kind: 'stopped' } : await runIn(folder, order);
  } finally {
    // What was killed this moment may still write. A folder that cannot be removed stays private, and waits for clearScratch.
    await rm(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 }).catch(() => {});
  }
}

/** Removes what runs of a former process left because it was killed. To be called before the first run. */
export function clearScratch(scratch: string): Promise<void> {
  return rm(scratch, { recursive: true, force: true });
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

function runIn(folder: string, order: Order): Promise<Ending> {
  const [program, ...args] = order.argv;
  const env = { ...order.env, TMPDIR: folder };
  let child: Child;
  try {
    child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    return Promise.resolve({ kind: 'notStarted', code: codeOf(error) });
  }
  return endingOf(child, new ProcessGroup(child.pid, folder), order);
}

function endingOf(child: Child, group: ProcessGroup, { signal, clock, onOutput }: Order): Promise<Ending> {
  const errors = new Tail(stderrBytesKept);
  let timer: unknown;
  const after = (delayMs: number, fn: () => void): void => {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(fn, delayMs);
  };
  const closePipes = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  return new Promise<Ending>((resolve, reject) => {
    const stop = (): void => {
      closePipes();
      group.send('SIGTERM');
      after(killGraceMs, () => {
        group.send('SIGKILL');
        after(reapMsMax, () => settle({ kind: 'stopped' }));
      });
    };
    const settle = (ending: Ending): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(ending);
    };
    const crash = (error: unknown): void => {
      reject(error);
      group.end();
      closePipes();
    };
    signal.addEventListener('abort', stop);
    child.stdout.on('data', (bytes: Buffer) => {
      try {
        onOutput(bytes);
      } catch (error) {
        crash(error);
      }
    });
    child.stderr.on('data', (bytes: Buffer) => errors.push(bytes));
    for (const pipe of [child.stdout, child.stderr]) pipe.on('error', crash);
    child.once('error', (error) => settle({ kind: 'notStarted', code: codeOf(error) }));
    child.once('exit', () => {
      group.end();
      // Its last words may still be in the pipe: the turn in which the time is up must read before it gives up.
      after(pipeGraceMs, () => clock.defer(closePipes));
    });
    child.once('close', (code, killedBy) => {
      if (signal.aborted) settle({ kind: 'stopped' });
      else if (killedBy !== null) settle({ kind: 'killed', signal: killedBy });
      else settle({ kind: 'exited', code: code ?? 0, stderr: errors.text() });
    });
  });
}

/** The end of a stream, however long it is, in whole lines. */
class Tail {
  readonly #bytesMax: number;
  #kept = Buffer.alloc(0);
  #isCut = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(chunk: Buffer): void {
    const all = Buffer.concat([this.#kept, chunk]);
    this.#isCut ||= all.length > this.#bytesMax;
    this.#kept = all.subarray(-this.#bytesMax);
  }

  text(): string {
    const text = this.#kept.toString('utf8');
    return this.#isCut ? text.replace(/^[^\n]*\n?/, '') : text;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
}
