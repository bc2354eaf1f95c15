import type { LivingQuery } from '../db/task-search.ts';
import { KoubouError } from '../machines/errors.ts';
import type { TaskId } from '../machines/identifiers.ts';
import type { Runtime } from '../runtime.ts';

/** Tasks that are to be cancelled. All that is given must hold. */
export type CancelFilter = Pick<LivingQuery, 'filter' | 'statuses'>;

/** What came of cancelling the many. */
export interface CancelReport {
  /** How many the filter finds, whatever the limit. */
  readonly found: number;
  /** False where counting took too long: there are at least so many. */
  readonly is_whole: boolean;
  /** In the order in which they had been accepted, those that waited first; empty for a dry run. */
  readonly cancelled: readonly string[];
  /** Over before they could be cancelled: their ending stands. */
  readonly ended_before: number;
  /** For a dry run: what would be cancelled, the first of them. */
  readonly sample: readonly string[];
}

/** So many of a dry run are shown. */
const sampleMax = 20;
/** Cancelled in one turn of the event loop, and in one commit: a few ms. */
const perTurn = 50;

/**
 * Cancels tasks by the many, wherever they are. Resolves when it is on disk.
 *
 * @throws KoubouError `storage.unavailable`: some may be cancelled; asking again goes on with the others
 */
export async function cancelMany(
  runtime: Pick<Runtime, 'list' | 'cancel'>,
  which: CancelFilter,
  { limit, dryRun }: { readonly limit: number; readonly dryRun: boolean },
): Promise<CancelReport> {
  const { found, isWhole, taskIds } = await runtime.list({ kind: 'living', ...which, limit });
  const counted = { found, is_whole: isWhole };
  if (dryRun) return { ...counted, cancelled: [], ended_before: 0, sample: taskIds.slice(0, sampleMax) };
  const cancelled: string[] = [];
  for (let from = 0; from < taskIds.length; from += perTurn) {
    const those = taskIds.slice(from, from + perTurn);
    const done = await Promise.all(those.map((id) => cancelOne(runtime, id as TaskId)));
    cancelled.push(...those.filter((_, place) => done[place]));
  }
  return { ...counted, cancelled, ended_before: taskIds.length - cancelled.length, sample: [] };
}

/** False when it was over already, or has been forgotten. */
async function cancelOne(runtime: Pick<Runtime, 'cancel'>, taskId: TaskId): Promise<boolean> {
  try {
    await runtime.cancel(taskId);
    return true;
  } catch (error) {
    const isOver = error instanceof KoubouError && ['task.ended', 'task.unknown'].includes(error.code);
    if (!isOver) throw error;
    return false;
  }
}
