import { eq, type SQL, sql } from 'drizzle-orm';
import { recordLimits as limits } from '../machines/record-limits.ts';
import type { Db } from './client.ts';
import type { EventRow } from './events-table.ts';
import { markNames, markStatements } from './marks-table.ts';
import { events, taskMaster, workers } from './schema.ts';

/** Whose record is read. */
export type RecordedActor =
  | { readonly kind: 'worker'; readonly workerId: string }
  | { readonly kind: 'endpoint'; readonly endpoint: string }
  | { readonly kind: 'pool' }
  | { readonly kind: 'task'; readonly taskId: string };

export interface ActorFactsQuery {
  readonly actor: RecordedActor;
  /** Facts up to this `seq`; `null` for the newest. */
  readonly until: number | null;
  readonly limit: number;
}

/** What happened to one actor. */
export interface ActorFacts {
  /** Such an actor lives or has lived. */
  readonly isKnown: boolean;
  /** The newest first. */
  readonly facts: readonly EventRow[];
  /** The next page goes up to this `seq`; `null` on the last one. */
  readonly next: number | null;
}

export interface FactsAroundQuery {
  readonly actor: RecordedActor;
  /** The moment; `null` for the end of the record. */
  readonly seq: number | null;
}

/** What concerned an actor around a moment, what it did for tasks included. */
export interface FactsAround {
  readonly isKnown: boolean;
  /** The oldest first. */
  readonly facts: readonly EventRow[];
  /** From this `seq` to that one nothing that concerned it is missing. */
  readonly since: number;
  readonly until: number;
}

/** Spelt as the index spells it, or SQLite would not take it. */
const actorKey = sql`coalesce(json_extract(data, '$.worker_id'), json_extract(data, '$.endpoint'))`;
const ofWorker = sql`json_extract(data, '$.worker_id')`;
const ofNoTask = sql`task_id IS NULL`;
/** Workers and breakers begin and end with the pool. */
const ofPoolLife = sql`type IN ('pool.started', 'pool.stopped')`;
const upTo = (seq: number | null) => sql`${events.seq} <= ${seq ?? Number.MAX_SAFE_INTEGER}`;

/** Reads back by index: what it costs depends on the facts of this actor alone, and not on those of tasks. */
export function actorFacts(db: Db, { actor, until, limit }: ActorFactsQuery): ActorFacts {
  const found = [
    ...newest(db, sql`${ownOf(actor)} AND ${upTo(until)}`, limit + 1),
    ...livesOfPool(db, actor, until, limit + 1),
  ].sort((a, b) => b.seq - a.seq);
  const facts = found.slice(0, limit);
  const next = found.length > limit ? (found[limit]?.seq ?? null) : null;
  return { isKnown: isKnown(db, actor), facts, next };
}

/** Looks through a stretch of the stream, by its primary key: what it costs depends on the length of that alone. */
export function factsAround(db: Db, { actor, seq }: FactsAroundQuery): FactsAround {
  const last = lastSeq(db);
  // Of what is cut off some still stands there, and that is not the whole.
  const floor = markStatements(db).of(markNames.eventsFloor);
  const at = Math.max(floor, Math.min(seq ?? last, last));
  const concerned = concernOf(actor);
  const { aroundSpan, aroundFactsMax: limit } = limits;
  const behind = Math.max(floor, at - aroundSpan);
  const back = sql`${events.seq} <= ${at} AND ${events.seq} > ${behind}`;
  const before = newest(db, sql`${back} AND ${concerned}`, limit).reverse();
  const forth = sql`${events.seq} > ${at} AND ${events.seq} <= ${at + aroundSpan}`;
  const after = oldest(db, sql`${forth} AND ${concerned}`, limit);
  return {
    isKnown: isKnown(db, actor),
    facts: [...before, ...after],
    since: before.length < limit ? Math.max(1, behind + 1) : (before[0]?.seq ?? at),
    until: after.length < limit ? Math.min(last, at + aroundSpan) : (after.at(-1)?.seq ?? at),
  };
}

function newest(db: Db, where: SQL, limit: number): EventRow[] {
  return db.select().from(events).where(where).orderBy(sql`${events.seq} DESC`).limit(limit).all();
}

function oldest(db: Db, where: SQL, limit: number): EventRow[] {
  return db.select().from(events).where(where).orderBy(events.seq).limit(limit).all();
}

function lastSeq(db: Db): number {
  return (
    db
      .select({ seq: sql<number | null>`max(${events.seq})` })
      .from(events)
      .get()?.seq ?? 0
  );
}

/** What happened to nobody else. */
function ownOf(actor: RecordedActor): SQL {
  switch (actor.kind) {
    // A worker may be called like a server, hence the second condition.
    case 'worker':
      return sql`${ofNoTask} AND ${actorKey} = ${actor.workerId} AND ${ofWorker} IS NOT NULL`;
    case 'endpoint':
      return sql`${ofNoTask} AND ${actorKey} = ${actor.endpoint} AND ${ofWorker} IS NULL`;
    case 'pool':
      return sql`${ofNoTask} AND ${actorKey} IS NULL`;
    case 'task':
      return sql`${events.taskId} = ${actor.taskId}`;
  }
}

/** When the pool began and ended, as long as the actor was there. */
function livesOfPool(db: Db, actor: RecordedActor, until: number | null, limit: number): readonly EventRow[] {
  if (actor.kind === 'pool' || actor.kind === 'task') return [];
  const [first] = oldest(db, ownOf(actor), 1);
  const [last] = newest(db, ownOf(actor), 1);
  if (first === undefined || last === undefined) return [];
  const lives = sql`${ofNoTask} AND ${actorKey} IS NULL AND ${ofPoolLife}`;
  const end = last.type === 'worker.retired' ? Math.min(last.seq, until ?? last.seq) : until;
  return newest(db, sql`${lives} AND ${events.seq} >= ${first.seq} AND ${upTo(end)}`, limit);
}

/** What it is that concerns an actor: of workers, what they do for tasks; of a server, what its workers do there. */
function concernOf(actor: RecordedActor): SQL {
  switch (actor.kind) {
    case 'worker':
      return sql`${ofWorker} = ${actor.workerId}`;
    case 'endpoint': {
      const there = sql`SELECT worker_id FROM workers WHERE endpoint_url = ${actor.endpoint}`;
      return sql`(json_extract(data, '$.endpoint') = ${actor.endpoint} OR ${ofWorker} IN (${there}))`;
    }
    case 'pool':
      return sql`1`;
    case 'task':
      return sql`+${events.taskId} = ${actor.taskId}`;
  }
}

/** Somebody bears the name, or has borne it. */
function isKnown(db: Db, actor: RecordedActor): boolean {
  return hasRow(db, actor) || newest(db, ownOf(actor), 1).length > 0;
}

function hasRow(db: Db, actor: RecordedActor): boolean {
  switch (actor.kind) {
    case 'pool':
      return true;
    case 'worker':
      return exists(db, workers, eq(workers.workerId, actor.workerId));
    case 'endpoint':
      return exists(db, workers, eq(workers.endpointUrl, actor.endpoint));
    case 'task':
      return exists(db, taskMaster, eq(taskMaster.taskId, actor.taskId));
  }
}

function exists(db: Db, table: typeof workers | typeof taskMaster, where: SQL): boolean {
  return db.select({ found: sql`1` }).from(table).where(where).limit(1).get() !== undefined;
}
