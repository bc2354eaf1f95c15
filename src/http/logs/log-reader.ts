import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HomePaths } from '../../db/home.ts';
import { workerLogName } from '../../log.ts';
import { cutMessage, type LineType, type LogEntry, lineTypes, systemName } from './log-entry.ts';

type LogPaths = Pick<HomePaths, 'logs' | 'workerLogs'>;

/** Read for one answer, shared out among the files: some 10,000 lines. */
const bytesReadMax = 2 * 1024 * 1024;
/** A file is read from its end by at least this, however many there are. */
const bytesOfFileMin = 4 * 1024;
/** Files of workers that are looked at; the others belong to workers that left long ago, or nobody has so many. */
const filesMax = 256;

interface Line extends LogEntry {
  /** Place in the stream of facts; `null` for what is none. */
  readonly seq: number | null;
}

/**
 * The ends of all logs, as one, the newest last. A fact that stands in the log of a worker and in that of the pool is
 * told once, in the words of the worker's.
 *
 * @param workers ids whose logs are looked at first
 */
export async function readLogs(paths: LogPaths, workers: readonly string[]): Promise<readonly LogEntry[]> {
  const names = await workerLogNames(paths, workers);
  const share = Math.max(bytesOfFileMin, Math.floor(bytesReadMax / (names.length + 1)));
  const ofPool = linesOf(await tailOf(join(paths.logs, 'worker_pool_manager.log'), share));
  const own: Line[] = [];
  for (const name of names) own.push(...linesOf(await tailOf(join(paths.workerLogs, name), share)));
  const told = new Set(own.map(({ seq }) => seq));
  return [...ofPool.filter(({ seq }) => seq === null || !told.has(seq)), ...own]
    .sort((a, b) => compare(a.timestamp, b.timestamp) || (a.seq ?? 0) - (b.seq ?? 0))
    .map(({ timestamp, worker, type, message }) => ({ timestamp, worker, type, message }));
}

/** The last lines of a worker's own log; `undefined` when it has none. */
export async function readWorkerLog(
  paths: LogPaths,
  worker: string,
  count: number,
): Promise<readonly LogEntry[] | undefined> {
  const text = await tailOf(join(paths.workerLogs, workerLogName(worker)), bytesReadMax / 8);
  if (text === undefined) return undefined;
  // Two ids may share a file, where they hold signs that no file name should have.
  const lines = linesOf(text).filter((line) => line.worker === worker || line.worker === systemName);
  return lines.slice(-count).map(({ timestamp, type, message }) => ({ timestamp, worker, type, message }));
}

async function workerLogNames(paths: LogPaths, workers: readonly string[]): Promise<readonly string[]> {
  const found = await readdir(paths.workerLogs).catch(() => []);
  const first = new Set(workers.map(workerLogName));
  const isFirst = (name: string) => (first.has(name) ? 0 : 1);
  return found
    .filter((name) => name.endsWith('.log'))
    .sort((a, b) => isFirst(a) - isFirst(b) || compare(a, b))
    .slice(0, filesMax);
}

/** Whole lines from the end of a file; `undefined` when there is no such file, or none that can be read. */
async function tailOf(path: string, bytesMax: number): Promise<string | undefined> {
  // What is no file (a pipe, a link to elsewhere) is not opened, nor waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return undefined;
    const start = Math.max(0, stat.size - bytesMax);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(stat.size - start), 0, null, start);
    const bytes = buffer.subarray(0, bytesRead);
    // The first line is a part of one, unless all was read; so is a last one without its end.
    const from = start === 0 ? 0 : bytes.indexOf(0x0a) + 1;
    return bytes.toString('utf8', from, bytes.lastIndexOf(0x0a) + 1);
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}

function linesOf(text: string | undefined): readonly Line[] {
  return (text ?? '').split('\n').flatMap((line) => lineOf(line) ?? []);
}

/** What is no JSON object with a time was cut off by a full disk or a crash. */
function lineOf(text: string): Line | undefined {
  if (!text.startsWith('{')) return undefined;
  let record: Readonly<Record<string, unknown>>;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { time, worker, worker_id: workerId, msg, seq } = record;
  if (typeof time !== 'string') return undefined;
  return {
    timestamp: time,
    worker: ([worker, workerId].find((name) => typeof name === 'string') as string | undefined) ?? systemName,
    type: typeOf(record),
    message: cutMessage(typeof msg === 'string' ? msg : ''),
    seq: typeof seq === 'number' ? seq : null,
  };
}

/** What the line says itself, or else what follows from its level. */
function typeOf({ type, level }: Readonly<Record<string, unknown>>): LineType {
  const said = lineTypes.find((known) => known === type);
  if (said !== undefined) return said;
  if (level === 'error' || level === 'fatal') return 'error';
  return level === 'warn' ? 'warning' : 'info';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
