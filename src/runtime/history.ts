import { describe, type EventRow } from '../db/events-table.ts';
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
