import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { WorkerView } from '../../runtime/worker-view.ts';
import { ask } from './doors.ts';
import { onEvents } from './live-connection.ts';
import type { Loaded } from './loading.tsx';
import { perFrame } from './per-frame.ts';
import { useAsked } from './polling.ts';
import { WorkerBoard } from './worker-board.ts';

/** Beats, and what a server has in memory, are told by no fact: so often they are asked for, in ms. */
const everyMs = 30_000;
/** And so often while facts come: counts of what was done change with them. */
const restMs = 5_000;
/** Where a fact says that more has changed than it tells. */
const staleRestMs = 500;

export interface FollowedWorkers {
  readonly workers: ReadonlySignal<Loaded<readonly WorkerView[]>>;
  /** See {@link WorkerBoard.sinceOf}. */
  readonly sinceOf: (taskId: string) => string | undefined;
}

/** Every worker as it is: read once, then kept by the facts as they come. */
export function useWorkers(): FollowedWorkers {
  const board = useMemo(() => new WorkerBoard(), []);
  const version = useSignal(0);
  const { state, want } = useAsked(
    async (signal) => {
      board.expect();
      const { workers } = await ask<{ workers: readonly WorkerView[] }>('/workers', { signal });
      if (!board.begin(workers)) want(staleRestMs);
      return board.workers;
    },
    { everyMs, restMs },
  );
  useEffect(() => {
    const draw = perFrame(() => {
      version.value += 1;
    });
    return onEvents((events) => {
      const { hasChanged, isStale } = board.hear(events);
      if (hasChanged) draw();
      if (isStale) want(staleRestMs);
      else if (events.some(({ type }) => type === 'worker_update')) want();
    });
  }, []);
  const workers = useComputed(() => {
    void version.value;
    const { value, ...loaded } = state.value;
    return { ...loaded, value: value === null ? null : board.workers };
  });
  return { workers, sinceOf: (taskId) => board.sinceOf(taskId) };
}
