import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { ask } from './doors.ts';
import { onEvents } from './live-connection.ts';
import { perFrame } from './per-frame.ts';
import { type TaskRow, TaskRows } from './task-rows.ts';
import { pageOf, type SearchTerms } from './task-search-terms.ts';

/** The first page is there at once; the others are as large as the server gives them. */
const firstPageRows = 200;
const pageRows = 1_000;

interface Page {
  readonly tasks: readonly TaskRow[];
  readonly total: number | null;
  readonly next_cursor: string | null;
}

export interface Reading {
  readonly state: 'reading' | 'waiting' | 'whole';
  /** `null` where nobody has counted. */
  readonly total: number | null;
  readonly fault: Error | null;
}

export interface TaskReading {
  readonly rows: TaskRows;
  /** Changes whenever the rows do. */
  readonly version: Signal<number>;
  readonly reading: Signal<Reading>;
  /** Reads the next page, if there is one and none is under way. */
  readonly readOn: () => void;
}

/**
 * Reads a list page after page, as far as is asked for, and keeps it as it is by what happens. A page that ran out of time
 * is followed by the next at once.
 */
export function useReading(terms: SearchTerms): TaskReading {
  const rows = useMemo(() => new TaskRows(), []);
  const version = useSignal(0);
  const reading = useSignal<Reading>({ state: 'waiting', total: null, fault: null });
  const ports = useMemo(() => ({ stop: new AbortController(), cursor: null as string | null }), []);
  const readOn = () => {
    if (reading.peek().state !== 'waiting' || ports.stop.signal.aborted) return;
    const before = rows.length;
    const limit = before === 0 ? firstPageRows : pageRows;
    reading.value = { ...reading.peek(), state: 'reading', fault: null };
    ask<Page>(pageOf(terms, ports.cursor, limit), { signal: ports.stop.signal }).then(
      ({ tasks, total, next_cursor }) => {
        rows.append(tasks);
        ports.cursor = next_cursor;
        reading.value = { state: next_cursor === null ? 'whole' : 'waiting', total, fault: null };
        version.value += 1;
        if (rows.length - before < firstPageRows / 2) readOn();
      },
      (error: unknown) => {
        if (ports.stop.signal.aborted) return;
        const fault = error instanceof Error ? error : new Error(String(error));
        reading.value = { ...reading.peek(), state: 'waiting', fault };
      },
    );
  };
  useEffect(() => {
    readOn();
    const draw = perFrame(() => {
      version.value += 1;
    });
    const ends = onEvents((events) => {
      if (rows.hear(events)) draw();
    });
    return () => {
      ends();
      ports.stop.abort();
    };
  }, []);
  return { rows, version, reading, readOn };
}
