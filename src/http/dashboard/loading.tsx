import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { shellWords } from './shell-words.ts';

/** Something that is asked for: under way, there, or refused. What was there stays until the next is. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly fault: Error | null;
  readonly again: () => void;
}

/** Asks when the component appears, and again when a signal that `load` reads changes. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>): Signal<Loaded<T>> {
  const tries = useSignal(0);
  const again = () => {
    tries.value += 1;
  };
  const state = useSignal<Loaded<T>>({ value: null, fault: null, again });
  useSignalEffect(() => {
    void tries.value;
    const stop = new AbortController();
    load(stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) state.value = { value, fault: null, again };
      },
      (error: unknown) => {
        const fault = error instanceof Error ? error : new Error(String(error));
        if (!stop.signal.aborted) state.value = { ...state.peek(), fault };
      },
    );
    return () => stop.abort();
  });
  return state;
}

/** Shows what was loaded, or why it was not and what to do. */
export function Show<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  const words = shellWords.value;
  return (
    <>
      {of.fault !== null && (
        <p class="fault" role="alert">
          {words.failed(of.fault.message)}{' '}
          <button type="button" onClick={of.again}>
            {words.again}
          </button>
        </p>
      )}
      {of.value === null ? of.fault === null && <p class="muted">…</p> : children(of.value)}
    </>
  );
}
