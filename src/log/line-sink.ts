import { rmSync } from 'node:fs';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';

export interface LineSinkOptions {
  readonly folder: string;
  /** The current file keeps this name; the ones before it are `<name>.1` (the newest), `<name>.2`, … */
  readonly name: string;
  readonly maxSizeBytes: number;
  readonly keepFiles: number;
  /** Pause before a disk that failed is tried again, in ms. */
  readonly retryMs?: number;
  /** Characters that wait for a slow or failed disk; further lines are lost, and counted. */
  readonly pendingCharsMax?: number;
}

/** Lines that go to the disk in one write: large enough to be cheap, small beside the size of a file. */
const chunkCharsMax = 64 * 1024;
/** How long a close waits for the disk, in ms. A log is never a reason to hang. */
const closePatienceMs = 2_000;

/**
 * A log file that is rotated by size. Nothing that happens to it reaches the caller: on a full disk lines wait in
 * memory, then they are lost, and the first line after that tells how many. The file is opened with the first line.
 */
export class LineSink {
  readonly #options: Required<LineSinkOptions>;
  #state: 'idle' | 'writing' | 'resting' | 'closed' = 'idle';
  #stream: RotatingFileStream | undefined;
  #pending: string[] = [];
  #pendingChars = 0;
  #lost = 0;
  #retry: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #onDrained = (): void => undefined;

  constructor(options: LineSinkOptions) {
    this.#options = { retryMs: 1_000, pendingCharsMax: 4 * 1024 * 1024, ...options };
  }

  /** Takes one line with its line break. Never throws, never waits. */
  write(line: string): void {
    if (this.#state === 'closed') return;
    if (this.#pendingChars + line.length > this.#options.pendingCharsMax) {
      this.#lost += 1;
      return;
    }
    this.#pending.push(line);
    this.#pendingChars += line.length;
    if (this.#state === 'idle') this.#writeNext();
  }

  /** Writes what waits, as far as the disk takes it, and closes the file. A second call returns the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#state === 'writing') {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, closePatienceMs);
        this.#onDrained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#state = 'closed';
    clearTimeout(this.#retry);
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, closePatienceMs);
      stream.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      stream.end();
    });
  }

  #writeNext(): void {
    if (this.#pending.length === 0) {
      this.#state = 'idle';
      this.#onDrained();
      return;
    }
    this.#state = 'writing';
    const chunk = this.#takeChunk();
    if (this.#stream === undefined || this.#stream.destroyed) this.#stream = this.#open();
    this.#stream.write(chunk, (error) => {
      if (error) {
        this.#rest(chunk);
      } else if (this.#state === 'writing') {
        this.#noteLost();
        this.#writeNext();
      }
    });
  }

  #takeChunk(): string {
    let chars = 0;
    let count = 0;
    for (const line of this.#pending) {
      if (count > 0 && chars + line.length > chunkCharsMax) break;
      chars += line.length;
      count += 1;
    }
    this.#pendingChars -= chars;
    return this.#pending.splice(0, count).join('');
  }

  /** The disk refused. Perhaps it took a part: what is written again begins on a line of its own. */
  #rest(chunk: string): void {
    if (this.#state === 'closed') return;
    const again = chunk.startsWith('\n') ? chunk : `\n${chunk}`;
    this.#pending.unshift(again);
    this.#pendingChars += again.length;
    this.#stream = undefined;
    this.#state = 'resting';
    this.#onDrained();
    this.#retry = setTimeout(() => this.#writeNext(), this.#options.retryMs).unref();
  }

  #noteLost(): void {
    if (this.#lost === 0) return;
    const msg = `${this.#lost} lines were lost here: the log could not be written`;
    this.#pending.push(`${JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg })}\n`);
    this.#lost = 0;
  }

  #open(): RotatingFileStream {
    const { folder, name, maxSizeBytes, keepFiles } = this.#options;
    const stream = createStream(name, {
      path: folder,
      size: `${maxSizeBytes}B`,
      rotate: Math.max(1, keepFiles),
    });
    // The callback of the write that failed deals with it.
    stream.on('error', () => undefined);
    if (keepFiles === 0) stream.on('rotated', (path) => rmSync(path, { force: true }));
    return stream;
  }
}
