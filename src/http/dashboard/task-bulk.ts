import { ask, Refusal } from './doors.ts';
import { conditionsOf, type SearchTerms } from './task-search-terms.ts';

export type BulkDeed = 'cancel' | 'retry';

/** What a deed would touch. */
export interface BulkPreview {
  readonly found: number;
  /** False when there are at least so many. */
  readonly isWhole: boolean;
  readonly sample: readonly string[];
}

export interface BulkProgress {
  readonly done: number;
  /** Were over, or still at work, or gone. */
  readonly missed: number;
  /** False where looking for them took too long: there may be more. */
  readonly isWhole: boolean;
}

/** A deed on many tasks, to be looked at first. */
export interface Bulk {
  readonly deed: BulkDeed;
  /** Whether nothing narrows it down. */
  readonly isEverything: boolean;
  preview(signal: AbortSignal): Promise<BulkPreview>;
  /** @throws Refusal; what was done until then stands */
  carryOut(signal: AbortSignal, onProgress: (progress: BulkProgress) => void): Promise<void>;
}

/** At once, as the server takes them. */
const perRequest = 1_000;
/** Requests for single tasks under way at once. */
const together = 8;

/** All tasks that a filter wants. */
export function bulkOfTerms(deed: BulkDeed, terms: SearchTerms): Bulk {
  const body = { ...conditionsOf(terms), ...(terms.status === '' ? {} : { status: terms.status }) };
  const path = `/tasks/${deed}`;
  return {
    deed,
    isEverything: Object.keys(conditionsOf(terms)).length === 0,
    preview: async (signal) => {
      const asked = { ...body, dry_run: true, limit: 20 };
      const report = await ask(path, { method: 'POST', body: asked, signal });
      const sample = (report.sample as readonly (string | { task_id: string })[]).map((each) =>
        typeof each === 'string' ? each : each.task_id,
      );
      return { found: report.found, isWhole: report.is_whole, sample };
    },
    carryOut: async (signal, onProgress) => {
      let [done, missed] = [0, 0];
      for (;;) {
        const asked = { ...body, all: true, limit: perRequest };
        const report = await ask(path, { method: 'POST', body: asked, signal });
        const now: number = (report.cancelled ?? report.tasks).length;
        done += now;
        missed += report.ended_before ?? 0;
        onProgress({ done, missed, isWhole: report.is_whole });
        // Those that were not touched by now would not be the next time either.
        if (now === 0 || (report.found <= now && report.is_whole)) return;
      }
    },
  };
}

/** Tasks that were picked out one by one. */
export function bulkOfTasks(deed: BulkDeed, taskIds: readonly string[]): Bulk {
  const one = (id: string, signal: AbortSignal) =>
    deed === 'cancel'
      ? ask(`/task/${id}`, { method: 'DELETE', signal })
      : ask(`/task/${id}/retry`, { method: 'POST', signal });
  return {
    deed,
    isEverything: false,
    preview: async () => ({ found: taskIds.length, isWhole: true, sample: taskIds.slice(0, 20) }),
    carryOut: async (signal, onProgress) => {
      let [done, missed] = [0, 0];
      for (let from = 0; from < taskIds.length; from += together) {
        const those = taskIds.slice(from, from + together);
        for (const result of await Promise.allSettled(those.map((id) => one(id, signal)))) {
          if (result.status === 'fulfilled') done += 1;
          else if (isOver(result.reason)) missed += 1;
          else throw result.reason;
        }
        onProgress({ done, missed, isWhole: true });
      }
    },
  };
}

/** It has ended, has not ended yet, or is gone: so it is left as it is. */
function isOver(reason: unknown): boolean {
  return reason instanceof Refusal && [400, 404, 409].includes(reason.status);
}
