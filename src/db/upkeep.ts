import { retentionLimits } from '../machines/retention-limits.ts';
import type { Db } from './client.ts';
import { cutEvents, firstEventSince } from './event-cutting.ts';
import { type MarkStatements, markNames } from './marks-table.ts';
import { sqlTime } from './sql-time.ts';
import type { TaskCounters } from './task-counters.ts';
import type { DeletableTask, DeletionStatements, EndedPlace } from './task-deletion.ts';

export interface TaskSlice {
  /** Only what ended before it, epoch ms. */
  readonly endedBeforeMs: number;
  /** From behind this place on; `null` for the oldest. */
  readonly after: EndedPlace | null;
  /** Deleted at most. */
  readonly limit: number;
  /** Runs under this lease and later ones stay: the next start learns from them. */
  readonly runsKeptFrom: number;
}

export interface SlicedTasks {
  readonly deleted: number;
  /** Where to go on; `null` when nothing is left. */
  readonly next: EndedPlace | null;
}

export interface SlicedEvents {
  readonly deleted: number;
  /** Up to here the record is cut off now. */
  readonly floor: number;
}

/** What a look at the pages of the file says. */
export interface FilePages {
  readonly pages: number;
  readonly free: number;
  readonly pageBytes: number;
  /** Whether the file can be shrunk while it is used. */
  readonly shrinks: boolean;
}

/**
 * Puts away what is old, and keeps the files small. Each call is one short transaction on the connection of the writer, of
 * a bounded number of rows; what comes between two of them is up to the caller.
 */
export interface Upkeep {
  /** The highest `seq` that is cut off; 0 while the record is whole. */
  floor(): number;
  /** Tasks that have ended and are kept. */
  endedTasks(): number;
  /** Whether a task that is kept ended before this, epoch ms. */
  hasEndedBefore(atMs: number): boolean;
  /** The first lease whose run is needed to learn durations from, of the last `runs`. */
  runsKeptFrom(runs: number): number;
  /** The first event that is not older than this, epoch ms. */
  firstEventSince(atMs: number): number;
  /** Deletes ended tasks, the oldest endings first, with their leases and with the part of their story below the floor. */
  deleteTasks(slice: TaskSlice): SlicedTasks;
  /** Raises the floor towards `to`; never up to the last event. What tells of a task that is kept stays. */
  cutEvents(to: number, limit: number): SlicedEvents;
  /** Forgets idempotency keys that are no longer valid. @returns how many */
  forgetKeys(nowMs: number, limit: number): number;
  pages(): FilePages;
  /** Gives free pages back to the disk. @returns how many */
  shrink(pages: number): number;
  /** Copies the log back into the database, as far as nobody reads behind it, and cuts the file if it is long. */
  checkpoint(): void;
}

interface UpkeepParts {
  readonly marks: MarkStatements;
  readonly deletion: DeletionStatements;
  readonly counters: TaskCounters;
  readonly lastSeq: () => number;
  readonly forgetKeys: (nowMs: number, limit: number) => number;
}

export function upkeepOf(db: Db, { marks, deletion, counters, lastSeq, forgetKeys }: UpkeepParts): Upkeep {
  const client = db.$client;
  const runs = client
    .prepare<[number, number]>(
      `SELECT assignment_id FROM task_assignments WHERE assignment_id > ? AND duration_ms IS NOT NULL
       ORDER BY assignment_id DESC LIMIT 1 OFFSET ?`,
    )
    .pluck();
  const lastLease = client.prepare('SELECT max(assignment_id) FROM task_assignments').pluck();
  const firstEnding = client
    .prepare('SELECT min(ended_at) FROM task_master INDEXED BY task_ended WHERE ended_at IS NOT NULL')
    .pluck();
  const floor = () => marks.of(markNames.eventsFloor);
  const deleteTasks = client.transaction((slice: TaskSlice) => {
    const { endedBeforeMs, after, runsKeptFrom, limit } = slice;
    const found = deletion.oldest(sqlTime(endedBeforeMs), after);
    const chosen: DeletableTask[] = [];
    let [bytes, last] = [0, after];
    for (const task of found) {
      if (chosen.length === limit) break;
      if (chosen.length > 0 && bytes + task.bytes > retentionLimits.sliceBytes) break;
      last = { endedAt: task.endedAt, status: task.status, rowid: task.rowid };
      if (task.hasParent || isKeptRun(task, runsKeptFrom)) continue;
      chosen.push(task);
      bytes += task.bytes;
    }
    const changes = deletion.run(chosen, floor());
    const isAll = found.length < retentionLimits.sliceTasks && samePlace(last, found.at(-1) ?? after);
    return { deleted: chosen.length, next: isAll ? null : last, changes };
  }).immediate;
  const cut = client.transaction((to: number, limit: number) =>
    cutEvents(db, marks, { from: floor(), to: Math.min(to, lastSeq() - 1), limit }),
  ).immediate;
  return {
    floor,
    endedTasks: () => counters.ended,
    hasEndedBefore: (atMs) => {
      const oldest = firstEnding.get() as string | null;
      return oldest !== null && oldest < sqlTime(atMs);
    },
    runsKeptFrom: (wanted) => {
      const from = Math.max(0, ((lastLease.get() as number | null) ?? 0) - retentionLimits.leasesLookedAt);
      return (runs.get(from, wanted - 1) as number | undefined) ?? from;
    },
    firstEventSince: (atMs) => firstEventSince(db, atMs, floor(), lastSeq()),
    deleteTasks: (slice) => {
      const { changes, ...sliced } = deleteTasks(slice);
      counters.apply(changes);
      return sliced;
    },
    cutEvents: cut,
    forgetKeys,
    pages: () => pagesOf(db),
    shrink: (pages) => {
      const before = pagesOf(db).pages;
      client.pragma(`incremental_vacuum(${pages})`);
      return before - pagesOf(db).pages;
    },
    checkpoint: () => checkpoint(db),
  };
}

function isKeptRun({ status, assignmentId }: DeletableTask, from: number): boolean {
  return status === 'completed' && assignmentId !== null && assignmentId >= from;
}

function samePlace(one: EndedPlace | null, other: EndedPlace | null): boolean {
  return one?.endedAt === other?.endedAt && one?.rowid === other?.rowid;
}

function pagesOf({ $client: client }: Db): FilePages {
  const of = (name: string) => client.pragma(name, { simple: true }) as number;
  return {
    pages: of('page_count'),
    free: of('freelist_count'),
    pageBytes: of('page_size'),
    shrinks: of('auto_vacuum') === 2,
  };
}

/** `PASSIVE` waits for nobody. The file is cut only when all of it was copied, so that nobody is waited for then either. */
function checkpoint({ $client: client }: Db): void {
  const [done] = client.pragma('wal_checkpoint(PASSIVE)') as { log: number; checkpointed: number }[];
  if (done === undefined || done.log !== done.checkpointed) return;
  const pageBytes = client.pragma('page_size', { simple: true }) as number;
  if (done.log * pageBytes > retentionLimits.walBytesKept) client.pragma('wal_checkpoint(TRUNCATE)');
}
