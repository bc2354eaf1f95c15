export type Context = Readonly<Record<string, unknown>>;

/** One moment of the life of an actor: how it stood right after something had happened. */
export interface Moment {
  /** Of the fact on record; `null` of what was only seen live. */
  readonly seq: number | null;
  /** Orders what was seen among what is on record. */
  readonly place: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** What happened, by its name, and all that is known of it. */
  readonly name: string;
  readonly detail: Context;
  /** The innermost states behind it. */
  readonly states: readonly string[];
  /** Regions and states of the chart of which the record does not tell where within them it stood. */
  readonly untold?: readonly string[];
  /** The event that led there and the states before it, as the chart knows them; `null` for the beginning. */
  readonly step: { readonly event: string; readonly from: readonly string[] } | null;
  readonly context: Context;
}

/** The life of one actor stays in memory only so far; the record keeps all. */
const momentsMax = 1_000;

/** A fact of a task as the record tells it: `task_update`, see docs/websocket.md. */
export interface TaskFact {
  readonly seq: number;
  readonly timestamp: string;
  readonly details: Context & { readonly event?: string };
}

interface Change {
  readonly states: readonly string[];
  readonly event: string | null;
  readonly context: Context;
}

/** What a fact says of the chart of its task: where it went, by which event, and what changed in its context. */
function changeOf({ details }: TaskFact, before: Moment | undefined): Change {
  const to = String(details['to'] ?? '');
  const ended = { lease: null };
  switch (details.event) {
    case 'task.accepted': {
      const { task_id: taskId, priority } = details;
      return {
        states: [to],
        event: null,
        context: { taskId, priority, leases: 0, failures: 0, fallbacks: 0, lease: null, delayMs: 0 },
      };
    }
    case 'task.assigned': {
      const { assignment_id: assignmentId, worker_id: workerId, model, lease: leases } = details;
      const context = { leases, lease: { assignmentId, workerId, model } };
      return { states: ['leased.assigned'], event: 'task.assign', context };
    }
    case 'task.retried': {
      const { failures, fallbacks, delay_ms: delayMs } = details;
      return { states: [to], event: 'task.settle', context: { failures, fallbacks, delayMs, ...ended } };
    }
    case 'task.reprioritized': {
      const { priority } = details;
      return { states: before?.states ?? [to], event: 'task.reprioritize', context: { priority } };
    }
    case 'task.failed': {
      const event = details['assignment_id'] === null ? 'task.refuse' : 'task.settle';
      return { states: [to], event, context: {} };
    }
    case 'task.completed':
      return { states: [to], event: 'task.settle', context: {} };
    case 'task.cancelled':
      return { states: [to], event: 'task.cancel', context: {} };
    default:
      return { states: before?.states ?? [], event: null, context: {} };
  }
}

/** Where a task was before a fact, as the chart calls it: the record says `running` of all that have a lease. */
function leafOf(from: unknown, before: Moment | undefined): readonly string[] {
  if (from === 'running') return ['leased.running'];
  return typeof from === 'string' ? [from] : (before?.states ?? []);
}

/** The life so far with one more fact of the record. One that is known already changes nothing. */
export function withFact(moments: readonly Moment[], fact: TaskFact): readonly Moment[] {
  if (moments.some(({ seq }) => seq === fact.seq)) return moments;
  const before = moments.findLast(({ place }) => place < fact.seq);
  const { states, event, context } = changeOf(fact, before);
  const { event: name = '', ...detail } = fact.details;
  const moment: Moment = {
    seq: fact.seq,
    place: fact.seq,
    at: fact.timestamp,
    name,
    detail,
    states,
    step: event === null ? null : { event, from: leafOf(fact.details['from'], before) },
    context: { ...before?.context, ...context },
  };
  return inOrder(moments, moment);
}

/** `inspect_transition`, see docs/websocket.md. */
export interface SeenTransition {
  readonly event: Context & { readonly type: string };
  readonly from: unknown;
  readonly to: unknown;
  readonly context?: Context;
  readonly at: string;
  readonly after_seq: number;
}

/** The life so far with a transition that was seen live. */
export function withTransition(moments: readonly Moment[], message: SeenTransition): readonly Moment[] {
  const { type, ...detail } = message.event;
  const before = moments.at(-1);
  const moment: Moment = {
    seq: null,
    // Behind the last fact that was on disk then, and before the next; of several, in the order in which they came.
    place: Math.max(message.after_seq + 0.5, before?.seq === null ? before.place : 0),
    at: message.at,
    name: type,
    detail,
    states: leavesOf(message.to),
    step: { event: type, from: leavesOf(message.from) },
    context: { ...before?.context, ...message.context },
  };
  return inOrder(moments, moment);
}

function inOrder(moments: readonly Moment[], moment: Moment): readonly Moment[] {
  const at = moments.findLastIndex(({ place }) => place <= moment.place) + 1;
  return [...moments.slice(0, at), moment, ...moments.slice(at)].slice(-momentsMax);
}

/** The innermost states of a value as XState writes it: `{ leased: 'running' }` is `leased.running`. */
export function leavesOf(value: unknown, prefix = ''): readonly string[] {
  if (typeof value === 'string') return [`${prefix}${value}`];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const within = leavesOf(inner, `${prefix}${key}.`);
    return within.length === 0 ? [`${prefix}${key}`] : within;
  });
}

/** States with all that they are in, the machine itself included. */
export function withParents(states: readonly string[]): ReadonlySet<string> {
  const all = new Set(states.length === 0 ? [] : ['']);
  for (const state of states) {
    const keys = state.split('.');
    for (const at of keys.keys()) all.add(keys.slice(0, at + 1).join('.'));
  }
  return all;
}
