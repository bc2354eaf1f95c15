import { endOfLog, framesOf, isSameLog } from './log-frames.ts';

/** The bytes of a database, at one moment. */
export interface Image {
  readonly database: Buffer;
  /** The write-ahead log. */
  readonly log: Buffer;
}

/** Of losses of power, so many leave a hole, and what was written behind it: a disk keeps no order. */
const shareOfHoles = 0.3;
const pageSizeAt = 16;

/**
 * A log of which the power has taken some of what the last commit added, be it at, inside or before a frame. What was
 * not written is still what was there before.
 *
 * @param draw uniform in [0, 1), another one for each purpose
 */
export function cutLog(before: Buffer, after: Buffer, draw: (purpose: string) => number): Buffer {
  const keptBytes = isSameLog(before, after) ? endOfLog(before) : 0;
  const endByte = endOfLog(after);
  const tail = framesOf(after).filter(({ fromByte, toByte }) => fromByte >= keptBytes && toByte <= endByte);
  if (tail.length === 0) return after;
  if (draw('hole') < shareOfHoles) {
    const lost = tail[Math.floor(draw('lost frame') * tail.length)];
    if (lost !== undefined) return holeIn(after, before, lost.fromByte, lost.toByte);
  }
  const cut = keptBytes + Math.floor(draw('cut') * (endByte - keptBytes));
  return Buffer.concat([after.subarray(0, cut), before.subarray(cut)]);
}

/** The later bytes, but for a part that is still the earlier one; zeros where there was nothing. */
function holeIn(after: Buffer, before: Buffer, fromByte: number, toByte: number): Buffer {
  const log = Buffer.from(after);
  log.fill(0, fromByte, toByte);
  before.subarray(fromByte, toByte).copy(log, fromByte);
  return log;
}

/** A database into which some pages of its log were copied back, and others were not yet. */
export function mixPages(before: Buffer, after: Buffer, draw: (purpose: string) => number): Buffer {
  const pageBytes = pageBytesOf(after);
  const mixed = Buffer.alloc(after.length);
  before.copy(mixed);
  for (let from = 0; from < after.length; from += pageBytes) {
    if (draw(`page ${from / pageBytes}`) < 0.5) after.copy(mixed, from, from, from + pageBytes);
  }
  return mixed;
}

/** Of a database; SQLite writes 1 for 65,536. */
export function pageBytesOf(database: Buffer): number {
  const stored = database.readUInt16BE(pageSizeAt);
  return stored === 1 ? 65_536 : stored;
}
