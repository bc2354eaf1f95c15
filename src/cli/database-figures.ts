import { statSync } from 'node:fs';
import { openReader } from '../db/client.ts';
import { countTasks, type TaskCounts } from '../db/count-queries.ts';
import { markNames, markStatements } from '../db/marks-table.ts';
import { isoTime } from '../db/sql-time.ts';
import { asStorageError } from '../db/storage-faults.ts';

/** What a database keeps. */
export interface DatabaseFigures {
  readonly file: string;
  readonly file_bytes: number;
  readonly wal_bytes: number;
  /** In the file, for what comes next. */
  readonly free_bytes: number;
  /** Whether free space can be given back while the server runs. */
  readonly shrinks: boolean;
  readonly tasks: TaskCounts;
  /** ISO 8601; `null` while none has ended. */
  readonly oldest_ending: string | null;
  readonly events: {
    /** Behind this `seq` the record has no gaps. */
    readonly floor: number;
    readonly last: number;
    /** Of the first event behind the floor, ISO 8601. */
    readonly since: string | null;
  };
  readonly deleted: { readonly tasks: number; readonly events: number };
}

/** Reads a database that a server may write meanwhile. @throws KoubouError `storage.corrupt`, `storage.unavailable` */
export function databaseFigures(file: string): DatabaseFigures {
  let close = (): void => undefined;
  try {
    const db = openReader(file);
    const client = db.$client;
    close = () => client.close();
    const value = (sql: string) => client.prepare(sql).pluck().get();
    const pragma = (name: string) => client.pragma(name, { simple: true }) as number;
    const marks = markStatements(db);
    const floor = marks.of(markNames.eventsFloor);
    const since = value(`SELECT at FROM events WHERE seq > ${floor} ORDER BY seq LIMIT 1`) as
      | number
      | undefined;
    const oldest = value('SELECT min(ended_at) FROM task_master WHERE ended_at IS NOT NULL') as string | null;
    return {
      file,
      file_bytes: statSync(file).size,
      wal_bytes: statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      free_bytes: pragma('freelist_count') * pragma('page_size'),
      shrinks: pragma('auto_vacuum') === 2,
      tasks: countTasks(db),
      oldest_ending: oldest === null ? null : isoTime(oldest),
      events: {
        floor,
        last: (value('SELECT max(seq) FROM events') as number | null) ?? 0,
        since: since === undefined ? null : new Date(since).toISOString(),
      },
      deleted: { tasks: marks.of(markNames.tasksDeleted), events: marks.of(markNames.eventsDeleted) },
    };
  } catch (error) {
    throw asStorageError(error);
  } finally {
    close();
  }
}
