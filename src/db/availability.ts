import { desc, sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { events } from './schema.ts';

export interface Span {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** How long each worker was alive, in ms. */
export type Presence = ReadonlyMap<string, number>;

/** Spelt as the index spells it, or SQLite would not take it. */
const ofPresence = sql`type IN ('pool.started', 'pool.stopped', 'worker.changed', 'worker.retired')`;

/**
 * Replays who came and went. A pool that was killed said no farewell: then everybody is taken to have left with the last
 * event before the next start.
 */
export function presenceSince(db: Db, { sinceMs, untilMs }: Span): Presence {
  const presentMs = new Map<string, number>();
  const since = new Map<string, number>();
  const leave = (worker: string, atMs: number) => {
    const cameMs = since.get(worker);
    if (cameMs === undefined) return;
    since.delete(worker);
    const ms = Math.min(atMs, untilMs) - Math.max(cameMs, sinceMs);
    presentMs.set(worker, (presentMs.get(worker) ?? 0) + Math.max(0, ms));
  };
  const changes = changesFrom(db, firstSeq(db, sinceMs));
  const starts = startsIn(changes);
  for (const { seq, type, to, atMs, worker } of changes) {
    if (starts.has(seq)) for (const each of [...since.keys()]) leave(each, lastSignBefore(db, seq, atMs));
    if (type === 'pool.stopped') for (const each of [...since.keys()]) leave(each, atMs);
    if (worker === null) continue;
    if (to !== 'alive') leave(worker, atMs);
    else if (!since.has(worker)) since.set(worker, atMs);
  }
  for (const each of [...since.keys()]) leave(each, untilMs);
  return presentMs;
}

/**
 * The first change of each start: workers are probed while the pool opens, and may have come before it says that it has
 * started.
 */
function startsIn(changes: readonly Change[]): ReadonlySet<number> {
  const starts = new Set<number>();
  let fresh: number | undefined;
  for (const { seq, type, from } of changes) {
    if (type === 'pool.started') starts.add(fresh ?? seq);
    fresh = type === 'worker.changed' && from === 'probing' ? (fresh ?? seq) : undefined;
  }
  return starts;
}

/**
 * Of the record up to `floor`, what has to stay so that the rest still says who is there: the last start, and how each
 * worker came that has not left since.
 *
 * @returns their `seq`
 */
export function stillTelling(db: Db, floor: number): readonly number[] {
  const changes = changesFrom(db, 0, floor);
  const starts = startsIn(changes);
  const there = new Map<string, number>();
  let started: number | null = null;
  for (const { seq, type, to, worker } of changes) {
    if (starts.has(seq) || type === 'pool.stopped') there.clear();
    if (type === 'pool.started') started = seq;
    if (worker === null) continue;
    if (to !== 'alive') there.delete(worker);
    else if (!there.has(worker)) there.set(worker, seq);
  }
  return [...(started === null ? [] : [started]), ...there.values()];
}

/** Where the replay begins: a whole life of the pool before the one that the span begins in. */
function firstSeq(db: Db, sinceMs: number): number {
  const before = sql`${ofPresence} AND ${events.type} = 'pool.started' AND ${events.atMs} < ${sinceMs}`;
  const query = db.select({ seq: events.seq }).from(events).where(sql`${before} AND ${events.seq} > 0`);
  return query.orderBy(desc(events.seq)).limit(1).offset(1).get()?.seq ?? 0;
}

type Change = ReturnType<typeof changesFrom>[number];

function changesFrom(db: Db, seq: number, upTo = Number.MAX_SAFE_INTEGER) {
  return db
    .select({
      seq: events.seq,
      type: events.type,
      from: events.from,
      to: events.to,
      atMs: events.atMs,
      worker: sql<string | null>`json_extract(${events.data}, '$.worker_id')`,
    })
    .from(events)
    .where(sql`${ofPresence} AND ${events.seq} >= ${seq} AND ${events.seq} <= ${upTo}`)
    .orderBy(events.seq)
    .all();
}

function lastSignBefore(db: Db, seq: number, elseMs: number): number {
  const query = db.select({ atMs: events.atMs }).from(events).where(sql`${events.seq} < ${seq}`);
  return query.orderBy(desc(events.seq)).limit(1).get()?.atMs ?? elseMs;
}
