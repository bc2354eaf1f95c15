import type { Context } from './actor-history.ts';

/** A fact as `/api/facts` tells it, see docs/log-api.md. */
export interface RecordedFact {
  readonly seq: number;
  readonly type: string;
  readonly task_id: string | null;
  readonly at: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly data: Context;
}

/** The actors that have a record and are no tasks. */
export type RecordedKind = 'worker' | 'endpoint' | 'pool';

/** By region of the chart, the state in it; `null` where nothing on record tells it. A chart without regions has one: `''`. */
export type Regions = Readonly<Record<string, string | null>>;

/** How an actor stood right after a fact, as far as the facts so far tell it. */
export interface Told {
  /** Without an actor there are no states. */
  readonly hasActor: boolean;
  readonly regions: Regions;
  readonly context: Context;
  /** The event that led there, as the chart calls it; `null` where that is not told. */
  readonly event: string | null;
  /** What was before has no bearing on what is now: another life of the actor. */
  readonly isNewLife: boolean;
  /** The pool has stopped, and has not said that it runs again. */
  readonly isStopped: boolean;
  /** Of a worker: whether it lives was said in this life. */
  readonly isHeard: boolean;
  /** It was heard of in this life before the pool said that it runs. */
  readonly isEarly: boolean;
}

export const untold: Told = {
  hasActor: false,
  regions: {},
  context: {},
  event: null,
  isNewLife: true,
  isStopped: false,
  isHeard: false,
  isEarly: false,
};

/** States with states within them that no fact tells. */
export const outerStates: ReadonlySet<string> = new Set(['open', 'running']);

const suspects: ReadonlySet<string> = new Set(['liveness.unwatched', 'liveness.watched.suspect']);
const probing = 'liveness.watched.probing';

/** What a fact says of its actor, on top of what was told before. What it did for tasks leads to no other state. */
export function tell(kind: RecordedKind, before: Told, fact: RecordedFact): Told {
  // Whether somebody watches one that is suspect changes without a word on record.
  const isBlind = suspects.has(before.regions['liveness'] ?? '');
  const regions = isBlind ? { ...before.regions, liveness: null } : before.regions;
  const same = { ...before, regions, event: null, isNewLife: false };
  if (fact.type.startsWith('task.')) return same;
  switch (kind) {
    case 'worker':
      return tellWorker(same, fact);
    case 'endpoint':
      return tellEndpoint(same, fact);
    case 'pool':
      return tellPool(same, fact);
  }
}

function tellWorker(before: Told, fact: RecordedFact): Told {
  const { from, to, data } = fact;
  const { detail: _, ...known } = before.context;
  const { detail } = data;
  let context: Context = typeof detail === 'string' && detail !== '' ? { ...known, detail } : known;
  switch (fact.type) {
    case 'worker.changed': {
      const event = livenessEvent(fact);
      const told = { ...before, context: { ...context, liveness: to }, event, isHeard: true };
      if (hasCrashed(fact)) return { ...told, ...born({}), isHeard: true };
      const liveness = livenessLeaf(to, data);
      const { hasActor, isStopped } = before;
      // It had been heard of, and nobody has said that the pool ended: it was killed, and runs again.
      const wasKilled = hasActor && from === 'probing' && before.isHeard;
      if (hasActor && !wasKilled) return { ...told, regions: { ...before.regions, liveness } };
      return { ...told, ...born({ liveness }), isHeard: true, isEarly: wasKilled || isStopped };
    }
    case 'worker.readmitted': {
      context = { ...context, admission: to };
      if (to === 'quarantined') return { ...before, context, ...without };
      const admission = `admission.${to}`;
      if (from === 'quarantined') return { ...before, context, ...born({ liveness: probing, admission }) };
      const event = admissionEvent(fact);
      if (!before.hasActor) return { ...before, context, event, ...born({ admission }) };
      return { ...before, regions: { ...before.regions, admission }, context, event };
    }
    case 'worker.enrolled':
      return { ...before, context, ...born({ liveness: probing }) };
    case 'worker.retired':
      return { ...before, context, ...without };
    case 'worker.rated':
      return { ...before, context: { ...before.context, performanceFactor: Number(to) } };
    case 'pool.started': {
      const ran = { isStopped: false, isEarly: false };
      if (before.isEarly) return { ...before, ...ran };
      // After a kill nobody knows whether what was heard last came before it; what is heard next may tell.
      const isSure = before.isStopped || before.regions['liveness'] === probing;
      return { ...before, context: {}, ...born({ liveness: isSure ? probing : null }), ...ran };
    }
    case 'pool.stopped':
      return { ...before, context: {}, ...without, isStopped: true, isEarly: false };
    default:
      return before;
  }
}

/** Its actor has begun anew; whether it takes work is up to what the configuration and the operators had said. */
function born(regions: Regions) {
  const all: Regions = { liveness: null, admission: null, ...regions };
  return { hasActor: true, regions: all, isNewLife: true, isHeard: false };
}

const without = { hasActor: false, regions: {}, isNewLife: true } as const;

/** What becomes of it then is not on record: it is started anew, unless it has crashed too often. */
export function hasCrashed({ type, to, data }: RecordedFact): boolean {
  return type === 'worker.changed' && to === 'lost' && String(data['detail']).startsWith('its actor crashed');
}

export function livenessLeaf(state: string | null, data: Context): string {
  const isUnwatched = state === 'suspect' && String(data['detail']).startsWith('its heartbeat crashed');
  return isUnwatched ? 'liveness.unwatched' : `liveness.watched.${state}`;
}

function livenessEvent(fact: RecordedFact): string | null {
  const detail = String(fact.data['detail'] ?? '');
  if (fact.to === 'alive') return 'heartbeat.received';
  if (detail === 'it could not be reached to run a task') return 'execution.settled';
  return /^its \w+ crashed/.test(detail) ? null : 'heartbeat.missed';
}

function admissionEvent({ to, data }: RecordedFact): string | null {
  const isAsked = String(data['detail']).startsWith('asked for');
  switch (to) {
    case 'active':
      return isAsked ? 'worker.resume' : 'worker.activate';
    case 'standby':
      return 'worker.rest';
    case 'draining':
      return 'worker.drain';
    default:
      // By itself, once it is idle.
      return '';
  }
}

const breakerStates: Readonly<Record<string, string>> = {
  halfOpen: 'halfOpen.ready',
  trying: 'halfOpen.trying',
};

function tellEndpoint(before: Told, { type, to, data }: RecordedFact): Told {
  const hasActor = true;
  switch (type) {
    case 'endpoint.changed': {
      const { failures: failuresByCode = {}, detail = '' } = data;
      const state = breakerStates[to ?? ''] ?? to;
      const event = breakerEvent(to, detail);
      return { ...before, hasActor, regions: { '': state }, context: { failuresByCode, detail }, event };
    }
    // It begins closed, and does not say so.
    case 'pool.started':
      return { ...before, hasActor, regions: { '': 'closed' }, context: {}, isNewLife: true };
    case 'pool.stopped':
      return { ...before, ...without };
    default:
      return before;
  }
}

function breakerEvent(to: string | null, detail: unknown): string | null {
  if (to === 'trying') return 'endpoint.trial';
  // Its wait is over.
  if (to === 'halfOpen') return null;
  return detail === 'an operator closed it' ? 'endpoint.reset' : 'endpoint.settled';
}

function tellPool(before: Told, { type, data }: RecordedFact): Told {
  const { isPaused } = before.context;
  const to = (state: string, context: Context, event: string): Told => ({
    ...before,
    hasActor: true,
    regions: { '': state },
    context: { ...before.context, ...context },
    event,
  });
  switch (type) {
    case 'pool.started': {
      const inner = isPaused === undefined ? '' : isPaused ? '.paused' : '.accepting';
      return { ...to(`running${inner}`, data, 'pool.open'), isNewLife: true };
    }
    case 'pool.paused':
      return to('running.paused', { isPaused: true }, 'pool.pause');
    case 'pool.resumed':
      return to('running.accepting', { isPaused: false }, 'pool.resume');
    case 'pool.draining':
      return to('draining', data, 'pool.drain');
    case 'pool.stopped':
      return to('stopped', {}, '');
    case 'pool.reconfigured':
    case 'journal.resumed':
      return { ...before, context: { ...before.context, ...data } };
    default:
      return before;
  }
}
