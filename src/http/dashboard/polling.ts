import { type Signal, signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { liveState } from './live-connection.ts';
import type { Loaded } from './loading.tsx';

/** The wall clock of the page, by the second: elapsed times count up by it. */
export const nowMs = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === 'visible') nowMs.value = Date.now();
}, 1_000);

/**
 * Asks again and again, each time so long after the answer before, and at once when the server is back. What was there
 * stays while the connection is lost: the top of the page says that it is.
 */
export function usePolled<T>(load: (signal: AbortSignal) => Promise<T>, everyMs: number): Signal<Loaded<T>> {
  const state = useSignal<Loaded<T>>({ value: null, fault: null, again: () => undefined });
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, document.visibilityState === 'visible' ? everyMs : 4 * everyMs);
    };
    const ask = () => {
      clearTimeout(timer);
      load(stop.signal)
        .then(
          (value) => {
            if (!stop.signal.aborted) state.value = { value, fault: null, again: ask };
          },
          (error: unknown) => {
            if (stop.signal.aborted) return;
            const fault = error instanceof Error ? error : new Error(String(error));
            const isKnown = liveState.peek() === 'lost' && state.peek().value !== null;
            state.value = { ...state.peek(), fault: isKnown ? null : fault, again: ask };
          },
        )
        .finally(() => {
          if (!stop.signal.aborted) turn();
        });
    };
    ask();
    let before = liveState.peek();
    const ends = liveState.subscribe((now) => {
      if (now === 'live' && before === 'lost') ask();
      before = now;
    });
    return () => {
      stop.abort();
      clearTimeout(timer);
      ends();
    };
  }, []);
  return state;
}
