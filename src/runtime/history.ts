import { describe, type EventRow } from '../db/events-table.ts';
import type { Store } from '../db/store.ts';
import { KoubouError } from '../machines/errors.ts';
import type { CommittedFact } from '../machines/facts.ts';

/** A fact as doors tell it, live and from the record alike. */
export interface StreamEvent {
  /** Global and gap-free. */
  readonly seq: number;
  readonly type: string;
  /** The task whose life it belongs to; `null` for what happens to workers and to the pool. */
  readonly task_id: string | null;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export function eventOfFact({ seq, atMs, fact }: CommittedFact): StreamEvent {
  const { taskId, from, to, data } = describe(fact);
  const at = new Date(atMs).toISOString();
  return { seq, type: fact.type, task_id: taskId, at, from, to, data };
}

export function eventOfRow({ seq, type, taskId, from, to, atMs, data }: EventRow): StreamEvent {
  return { seq, type, task_id: taskId, at: new Date(atMs).toISOString(), from, to, data: JSON.parse(data) };
}

/**
 * The stream as it is on disk, from behind `afterSeq` on, at most `limit`. Events are cut off from its beginning, so that
 * whoever stands before the floor would miss some: that is refused, and nothing is skipped in silence.
 *
 * @throws KoubouError `record.cut`
 */
export function readRecord(
  store: Pick<Store, 'eventsSince' | 'upkeep'>,
  afterSeq: number,
  limit: number,
): readonly StreamEvent[] {
  assertKept(store, afterSeq);
  return store.eventsSince(afterSeq, limit).map(eventOfRow);
}

/**
 * @param name what the reader calls the place where it stands
 * @throws KoubouError `record.cut` when events behind `afterSeq` are no longer there
 */
export function assertKept({ upkeep }: Pick<Store, 'upkeep'>, afterSeq: number, name = 'since'): void {
  const floor = upkeep.floor();
  if (afterSeq >= floor) return;
  throw new KoubouError(
    'record.cut',
    `${name}: events up to ${floor} are no longer kept, so some behind ${afterSeq} would be missed; ` +
      'begin anew with the state as it is (retention in koubou.yaml says how long they are kept)',
    { details: { since: afterSeq, floor } },
  );
}
