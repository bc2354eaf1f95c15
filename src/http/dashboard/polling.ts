import { type Signal, signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { AskingPace, type PaceTimes } from './asking-pace.ts';
import { liveState, onEvents } from './live-connection.ts';
import type { LiveEvent } from './live-event.ts';
import type { Loaded } from './loading.tsx';

/** The wall clock of the page, by the second: elapsed times count up by it. */
export const nowMs = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === 'visible') nowMs.value = Date.now();
}, 1_000);

export interface Asked<T> {
  readonly state: Signal<Loaded<T>>;
  /** Asks again, when the last question is so long over. */
  readonly want: (restMs?: number) => void;
}

export interface Following extends PaceTimes {
  /** Whether an event may have changed what was asked for. */
  readonly matters: (event: LiveEvent) => boolean;
}

/**
 * Asks at once, when it is wanted, rarely without that, and at once when the server is back. What was there stays while the
 * connection is lost: the top of the page says that it is.
 */
export function useAsked<T>(load: (signal: AbortSignal) => Promise<T>, times: PaceTimes): Asked<T> {
  const state = useSignal<Loaded<T>>({ value: null, fault: null, again: () => undefined });
  const pace = useMemo(() => {
    const stop = new AbortController();
    const again = () => made.now();
    const ask = async () => {
      try {
        const value = await load(stop.signal);
        if (!stop.signal.aborted) state.value = { value, fault: null, again };
      } catch (error) {
        if (stop.signal.aborted) return;
        const fault = error instanceof Error ? error : new Error(String(error));
        const isKnown = liveState.peek() === 'lost' && state.peek().value !== null;
        state.value = { ...state.peek(), fault: isKnown ? null : fault, again };
      }
    };
    const made = new AskingPace({ ...pagePorts, ask }, times);
    return { made, stop };
  }, []);
  useEffect(() => {
    const { made, stop } = pace;
    const look = () => made.look();
    document.addEventListener('visibilitychange', look);
    made.now();
    let before = liveState.peek();
    const ends = liveState.subscribe((now) => {
      if (now === 'live' && before === 'lost') made.now();
      before = now;
    });
    return () => {
      ends();
      document.removeEventListener('visibilitychange', look);
      made.end();
      stop.abort();
    };
  }, []);
  return { state, want: (restMs) => pace.made.want(restMs) };
}

/** Asks again when something happened that matters, and rarely without that. */
export function useFollowed<T>(
  load: (signal: AbortSignal) => Promise<T>,
  { matters, ...times }: Following,
): Asked<T> {
  const asked = useAsked(load, times);
  useEffect(
    () =>
      onEvents((events) => {
        if (events.some(matters)) asked.want();
      }),
    [],
  );
  return asked;
}

const endings: ReadonlySet<string | undefined> = new Set(['task.completed', 'task.failed', 'task.cancelled']);

/** Whether a task has ended by it. */
export function isEnding({ type, details }: LiveEvent): boolean {
  return type === 'task_update' && endings.has(details.event);
}

const pagePorts = {
  monotonic: () => performance.now(),
  setTimeout: (fn: () => void, delayMs: number) => setTimeout(fn, delayMs),
  clearTimeout: (timer: unknown) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  isSeen: () => document.visibilityState === 'visible',
};
