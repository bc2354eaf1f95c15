import { limits } from '../machines/limits.ts';
import { factOf } from './invariants-tasks.ts';
import type { Invariant } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { WorldEvent } from './world-events.ts';

/** What is on disk after something went wrong with it, and whether all books say the same. */

/** Between the end of a fault and the commit that ends the stall: the longest wait for a try, and the turns around it. */
const resumeSlackMs = 1_000;
/** No tier takes more than a tenth of the window. */
const tiersPerWindow = 10;

export const storageInvariants: readonly Invariant[] = [
  {
    name: 'the database is whole',
    doc: 'A database that nobody has closed passes every check of SQLite when it is opened again.',
    watch: () => (event) =>
      event.type === 'disk.checked' && event.integrity !== 'ok' ? event.integrity : undefined,
  },
  {
    name: 'a kill takes nothing and adds nothing',
    doc: 'After a kill or a loss of power the database ends with the last fact that was written whole.',
    watch: (ledger) => (event) =>
      event.type === 'disk.checked' && event.lastSeq !== ledger.lastSeq
        ? `the last fact was ${ledger.lastSeq}, and is ${event.lastSeq}`
        : undefined,
  },
  {
    name: 'a failed commit leaves nothing',
    doc: 'A commit that fails adds no fact to those on disk.',
    watch: (ledger) => (event) =>
      event.type === 'commit.failed' && event.lastSeq !== ledger.lastSeq
        ? `fact ${event.lastSeq} is on disk after a commit that failed; the last one was ${ledger.lastSeq}`
        : undefined,
  },
  {
    name: 'a failed commit is tried again',
    doc: 'Within seconds after the disk works again, a process that could not write has written, or is gone.',
    watch: watchRetries,
  },
  {
    name: 'accepted is accounted for',
    doc: 'Every accepted task waits, is postponed, is leased or has ended, by its facts and by its row.',
    watch: (ledger) => {
      let accepted = 0;
      let ended = 0;
      return (event) => {
        const fact = factOf(event);
        if (fact?.type === 'task.accepted') accepted += 1;
        if (
          fact?.type === 'task.completed' ||
          fact?.type === 'task.failed' ||
          fact?.type === 'task.cancelled'
        )
          ended += 1;
        if (event.type !== 'surveyed') return undefined;
        const { waiting, postponed, held } = event.rows;
        return accepted === ended + waiting + postponed + held && accepted === ended + ledger.open
          ? undefined
          : `${accepted} accepted: ${ended} ended; by rows ${waiting} wait, ${postponed} are postponed, ${held} leased; by facts ${ledger.open} open`;
      };
    },
  },
  {
    name: 'memory stays within the window',
    doc: 'Tasks live as actors only within the admission window, but for those that are leased, postponed or moved.',
    watch: (ledger) => (event) => {
      if (event.type !== 'surveyed') return undefined;
      const most = liveTasksMax(ledger) + event.rows.postponed;
      return event.liveTasks <= most ? undefined : `${event.liveTasks} tasks live, at most ${most} may`;
    },
  },
];

function watchRetries(): (event: WorldEvent, nowMs: number) => string | undefined {
  let failedMs: number | undefined;
  /** Until then it fails, or stands still. */
  let excusedMs = 0;
  return (event, nowMs) => {
    if (event.type === 'fault' && (event.name.startsWith('disk.') || event.name.startsWith('process.s')))
      excusedMs = Math.max(excusedMs, nowMs + event.forMs);
    if (event.type === 'commit.failed') failedMs ??= nowMs;
    if (event.type === 'fact' || event.type === 'process.died' || event.type === 'process.stopped')
      failedMs = undefined;
    if (failedMs === undefined) return undefined;
    const dueMs = Math.max(failedMs, excusedMs) + limits.commitRetryMsMax + resumeSlackMs;
    return nowMs <= dueMs
      ? undefined
      : `a commit failed ${nowMs - failedMs} ms ago, and nothing was written since`;
  };
}

/** What each tier may take of the window, all of it with what is kept free for others, and who lives whatever it says. */
function liveTasksMax({ config, waiting, leased }: Ledger): number {
  const tiers = new Set<string>();
  let moved = 0;
  for (const { priority, wanted, isMoved } of waiting) {
    tiers.add(`${priority} ${wanted.taskType}`);
    if (isMoved) moved += 1;
  }
  const { admissionWindow } = config.pool;
  const ofTiers = tiers.size * Math.max(1, Math.floor(admissionWindow / tiersPerWindow));
  return Math.min(admissionWindow + tiers.size * limits.windowReserve, ofTiers) + moved + leased;
}
