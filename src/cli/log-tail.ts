import { type FileHandle, open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as pause } from 'node:timers/promises';

/** A place in a file that may be renamed: its inode, and the bytes that were read of it. */
export interface Place {
  readonly inode: number;
  readonly offset: number;
}

export interface Tail {
  readonly lines: readonly string[];
  /** Where following goes on; `null` when there is no file yet. */
  readonly end: Place | null;
}

const blockBytes = 64 * 1024;
const pollMs = 150;

/** The last lines of a log, from the files before it too (`<name>.1`, …) where the current one has too few. */
export async function lastLines(file: string, count: number): Promise<Tail> {
  const current = await openIfThere(file);
  if (current === undefined) return { lines: [], end: null };
  let lines: readonly string[];
  let end: Place;
  try {
    const { ino: inode, size } = await current.stat();
    const tail = await linesBefore(current, size, count);
    lines = tail.lines;
    end = { inode, offset: tail.end };
  } finally {
    await current.close();
  }
  for (let number = 1; lines.length < count; number += 1) {
    const former = await openIfThere(`${file}.${number}`);
    if (former === undefined) break;
    try {
      const older = await linesBefore(former, (await former.stat()).size, count - lines.length);
      lines = [...older.lines, ...lines];
    } finally {
      await former.close();
    }
  }
  return { lines, end };
}

/**
 * Calls `onLine` for each whole line behind `from`, and for those that come, for ever or until the signal. The file may
 * be rotated meanwhile, more than once, and need not exist yet.
 */
export async function followLog(
  file: string,
  from: Place | null,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  let place = from;
  let text = new LineSplitter(onLine);
  while (signal?.aborted !== true) {
    for (const { path, inode } of await unreadFiles(file, place)) {
      const handle = await openIfThere(path);
      if (handle === undefined) break;
      try {
        const { ino, size } = await handle.stat();
        if (ino !== inode) break; // Renamed since the look: the next one finds it.
        const goesOn = place?.inode === inode && place.offset <= size;
        if (!goesOn) text = new LineSplitter(onLine);
        place = { inode, offset: await readOn(handle, goesOn ? (place?.offset ?? 0) : 0, text) };
      } finally {
        await handle.close();
      }
    }
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

interface UnreadFile {
  readonly path: string;
  readonly inode: number;
}

/** The file that `place` is in, under whatever name it has now, and those that came after it, oldest first. */
async function unreadFiles(file: string, place: Place | null): Promise<readonly UnreadFile[]> {
  const current = await inodeOf(file);
  if (current === undefined) return [];
  const newer = [{ path: file, inode: current }];
  if (place === null || current === place.inode) return newer;
  for (let number = 1; ; number += 1) {
    const path = `${file}.${number}`;
    const inode = await inodeOf(path);
    if (inode === undefined) return newer.slice(-1); // What we read is gone; only the present is left.
    newer.unshift({ path, inode });
    if (inode === place.inode) return newer;
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch {
    return undefined;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads backwards in blocks until there are lines enough. A last line without its end is left to the follower. */
async function linesBefore(
  handle: FileHandle,
  size: number,
  count: number,
): Promise<{ readonly lines: readonly string[]; readonly end: number }> {
  let start = size;
  let bytes = Buffer.alloc(0);
  let breaks = 0;
  while (start > 0 && breaks <= count) {
    const length = Math.min(blockBytes, start);
    start -= length;
    const block = Buffer.alloc(length);
    await handle.read(block, 0, length, start);
    breaks += block.reduce((sum, byte) => (byte === 0x0a ? sum + 1 : sum), 0);
    bytes = Buffer.concat([block, bytes]);
  }
  const lastBreak = bytes.lastIndexOf(0x0a);
  const whole = bytes
    .subarray(0, lastBreak + 1)
    .toString('utf8')
    .split('\n')
    .slice(0, -1);
  const lines = (start > 0 ? whole.slice(1) : whole).filter((line) => line !== '');
  return { lines: count === 0 ? [] : lines.slice(-count), end: start + lastBreak + 1 };
}

async function readOn(handle: FileHandle, from: number, text: LineSplitter): Promise<number> {
  const block = Buffer.alloc(blockBytes);
  for (let offset = from; ; ) {
    const { bytesRead } = await handle.read(block, 0, block.length, offset);
    if (bytesRead === 0) return offset;
    offset += bytesRead;
    text.push(block.subarray(0, bytesRead));
  }
}

/** Lines out of pieces that end anywhere, in the middle of a character too. */
class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') this.#onLine(line);
  }
}
