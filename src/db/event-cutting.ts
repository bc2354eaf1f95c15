import { stillTelling } from './availability.ts';
import type { Db } from './client.ts';
import { type MarkStatements, markNames } from './marks-table.ts';
import type { SlicedEvents } from './upkeep.ts';

export interface EventSlice {
  /** The floor, and where it shall be. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

const ofPause = "type IN ('pool.paused', 'pool.resumed')";
const ofPresence = "type IN ('pool.started', 'pool.stopped', 'worker.changed', 'worker.retired')";

/**
 * Raises the floor of the record by at most `limit` events, within a transaction of the caller. Below the floor stays what
 * tells of a task that is kept, and what says how things are since then: whether the pool is paused, and who is there.
 */
export function cutEvents(db: Db, marks: MarkStatements, { from, to, limit }: EventSlice): SlicedEvents {
  const floor = Math.min(to, from + limit);
  if (floor <= from) return { deleted: 0, floor: from };
  const client = db.$client;
  const ofTasks = client
    .prepare(
      `DELETE FROM events WHERE seq > ? AND seq <= ? AND task_id IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM task_master AS t WHERE t.task_id = events.task_id)`,
    )
    .run(from, floor).changes;
  const ofHouse = client
    .prepare(
      `DELETE FROM events WHERE seq > ? AND seq <= ? AND task_id IS NULL AND NOT (${ofPause}) AND NOT (${ofPresence})`,
    )
    .run(from, floor).changes;
  const pauses = client
    .prepare(
      `DELETE FROM events WHERE ${ofPause} AND seq <= @floor
         AND seq < (SELECT max(seq) FROM events WHERE ${ofPause} AND seq <= @floor)`,
    )
    .run({ floor }).changes;
  const telling = JSON.stringify(stillTelling(db, floor));
  const presence = client
    .prepare(
      `DELETE FROM events WHERE ${ofPresence} AND seq <= ? AND seq NOT IN (SELECT value FROM json_each(?))`,
    )
    .run(floor, telling).changes;
  const deleted = ofTasks + ofHouse + pauses + presence;
  marks.raise(markNames.eventsFloor, floor);
  if (deleted > 0) marks.add(markNames.eventsDeleted, deleted);
  return { deleted, floor };
}

/** The first event that is not older, looked for by halves: above the floor there are no gaps, and time and `seq` grow together. */
export function firstEventSince({ $client: client }: Db, atMs: number, floor: number, last: number): number {
  const at = client.prepare<[number]>('SELECT at FROM events WHERE seq = ?').pluck();
  let [low, high] = [floor + 1, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = at.get(middle) as number | undefined;
    if (found === undefined || found >= atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
