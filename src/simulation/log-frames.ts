/** One page in a write-ahead log of SQLite, as it lies in the file; bytes from the beginning of the log. */
interface LogFrame {
  readonly fromByte: number;
  /** Behind its last byte. */
  readonly toByte: number;
  /** It is the last one of its transaction. */
  readonly isCommit: boolean;
}

/** Sizes and places are those of the file format of SQLite, "The Write-Ahead Log". */
const logHeadBytes = 32;
const frameHeadBytes = 24;
const pageSizeAt = 8;
const saltsAt = 16;
const saltBytes = 8;
/** In the head of a frame. */
const sizeAfterCommitAt = 4;
const frameSaltsAt = 8;

/** The frames of a log since it was begun anew: those behind carry other salts, and are left over from before. */
export function framesOf(log: Buffer): readonly LogFrame[] {
  const frames: LogFrame[] = [];
  if (log.length < logHeadBytes) return frames;
  const salts = log.subarray(saltsAt, saltsAt + saltBytes);
  const frameBytes = frameHeadBytes + log.readUInt32BE(pageSizeAt);
  for (let from = logHeadBytes; from + frameBytes <= log.length; from += frameBytes) {
    const own = log.subarray(from + frameSaltsAt, from + frameSaltsAt + saltBytes);
    if (!own.equals(salts)) break;
    const isCommit = log.readUInt32BE(from + sizeAfterCommitAt) !== 0;
    frames.push({ fromByte: from, toByte: from + frameBytes, isCommit });
  }
  return frames;
}

/** Where the last transaction of a log ends, in bytes; 0 for a log without one. */
export function endOfLog(log: Buffer): number {
  return framesOf(log).findLast(({ isCommit }) => isCommit)?.toByte ?? 0;
}

/** Whether two logs are the same one, the later of them only longer. */
export function isSameLog(a: Buffer, b: Buffer): boolean {
  if (a.length < logHeadBytes || b.length < logHeadBytes) return false;
  return a.subarray(0, logHeadBytes).equals(b.subarray(0, logHeadBytes));
}
