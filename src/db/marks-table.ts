import type { Db } from './client.ts';

/** Their names are in the database: they may be added to, and never changed. */
export const markNames = {
  /** The highest `seq` of an event that is cut off: above it the record has no gaps. */
  eventsFloor: 'events.floor',
  /** The highest numbers of rows that were deleted: they are not given out again. */
  taskSeq: 'task.seq',
  assignmentId: 'assignment.id',
  /** How much was deleted, ever. */
  tasksDeleted: 'deleted.tasks',
  eventsDeleted: 'deleted.events',
} as const;

export type MarkName = (typeof markNames)[keyof typeof markNames];

/** The statements of `marks`. */
export function markStatements({ $client: client }: Pick<Db, '$client'>) {
  const of = client.prepare<[MarkName]>('SELECT value FROM marks WHERE name = ?').pluck();
  const write = (change: string) =>
    client.prepare<[MarkName, number]>(
      `INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ${change}`,
    );
  const [raise, add] = [write('max(value, excluded.value)'), write('value + excluded.value')];
  return {
    /** 0 where it was never set. */
    of: (name: MarkName): number => (of.get(name) as number | undefined) ?? 0,
    /** A mark never sinks. */
    raise: (name: MarkName, value: number): void => void raise.run(name, value),
    add: (name: MarkName, value: number): void => void add.run(name, value),
  };
}

export type MarkStatements = ReturnType<typeof markStatements>;
