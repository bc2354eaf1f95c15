import { wantedReserve } from './dispatch.ts';
import type { EndpointReport } from './endpoint-machine.ts';
import type { EndpointFact, RecordedFact, WorkerFact } from './facts.ts';
import { workerId } from './identifiers.ts';
import { limits } from './limits.ts';
import type { Enrolment, PoolContext } from './pool-context.ts';
import { endpointOfActor, routingOf, tellEndpoint, workerRef } from './pool-leases.ts';
import type { Command, Scope } from './pool-tasks.ts';
import { adjustedFactors } from './speed.ts';
import type { AdmissionReport, LivenessReport, SightingReport } from './worker-reports.ts';
import type { RosterEntry } from './worker-roster.ts';
import type { AdmissionOrder } from './worker-state.ts';

/** What the pool does with workers and endpoints: mirrors what they say, and decides how many of them work. */

export function setLiveness({ context }: Scope, report: Pick<LivenessReport, 'workerId' | 'liveness'>): void {
  const entry = context.roster.get(report.workerId);
  if (entry !== undefined) entry.liveness = report.liveness;
}

export function setAdmission(
  { context }: Scope,
  report: Pick<AdmissionReport, 'workerId' | 'admission'>,
): void {
  const entry = context.roster.get(report.workerId);
  if (entry !== undefined) entry.admission = report.admission;
}

export function noteSighting({ context }: Scope, report: SightingReport): void {
  context.roster.get(report.workerId)?.endpoint.see(report.sighting);
}

export function setBreaker({ context }: Scope, { endpoint, breaker, detail }: EndpointReport): void {
  const entry = context.roster.endpoint(endpoint);
  if (entry === undefined) return;
  entry.breaker = breaker;
  entry.detail = detail;
}

/** What an operator asks of a worker. Whether it is in reserve from now on is up to the same word. */
export function giveOrder(
  { context, self }: Scope,
  { workerId: id, order, detail }: Command<'pool.order'>,
): void {
  const entry = context.roster.get(id);
  if (entry === undefined || entry.isLeaving) return;
  if (order === 'rest') entry.isReserve = true;
  if (order === 'resume') entry.isReserve = false;
  workerRef(self, id)?.send({ type: `worker.${order}`, detail });
}

/** Whether an operator calls one back from quarantine. */
export function isRevival(
  { roster }: PoolContext,
  { workerId: id, order }: Pick<Command<'pool.order'>, 'workerId' | 'order'>,
): boolean {
  const entry = roster.get(id);
  return order === 'resume' && entry?.admission === 'quarantined' && !entry.isLeaving;
}

/** An operator knows better: the endpoint is called again. */
export function resetEndpoint({ self }: Scope, { endpoint }: Pick<Command<'pool.reset'>, 'endpoint'>): void {
  tellEndpoint(self, endpoint, { type: 'endpoint.reset' });
}

export function probe({ self }: Scope, { workerId: id }: Pick<Command<'pool.probe'>, 'workerId'>): void {
  workerRef(self, id)?.send({ type: 'worker.probe' });
}

/**
 * Activates one worker in reserve when something waits that only it would take, when too many slots are busy, or when too
 * few workers are there; lets one rest when so few are busy that the others suffice, or when more work than may. One at a
 * time: the next turn sees what has come of it.
 */
export function rescale({ context, self }: Scope): void {
  const { roster, policy } = context;
  const entries = [...roster.all()];
  const reserves = entries.filter((entry) => entry.admission === 'standby' && entry.liveness === 'alive');
  const open = entries.filter((entry) => entry.isOpen);
  const share = busyShare(open);
  const tell = (entry: RosterEntry | undefined, order: AdmissionOrder, detail: string) => {
    if (entry !== undefined) workerRef(self, entry.workerId)?.send({ type: `worker.${order}`, detail });
  };
  if (open.length > policy.workersMax) {
    tell(surplus(open), 'rest', `${open.length} workers take work, and ${policy.workersMax} is the most`);
    return;
  }
  const isRoom = reserves.length > 0 && open.length < policy.workersMax;
  const wanted = isRoom ? wantedBy(context, reserves, open.length, share) : undefined;
  if (wanted !== undefined) tell(wanted, 'activate', percent(share));
  else if (share < policy.scaleDown && open.length > policy.workersMin) {
    tell(dispensable(open, policy.scaleUp), 'rest', percent(share));
  }
}

/** Whoever works above the most: one that came back after another had stood in for it, say. */
function surplus(open: readonly RosterEntry[]): RosterEntry | undefined {
  const reserves = open.filter((entry) => entry.isReserve);
  return reserves.findLast((entry) => entry.used === 0) ?? reserves.at(-1);
}

/** Where the others would be too busy without it, it would be back at once, and so for ever. */
function dispensable(open: readonly RosterEntry[], scaleUp: number): RosterEntry | undefined {
  return open.findLast(
    (idle) =>
      idle.isReserve && idle.used === 0 && busyShare(open.filter((entry) => entry !== idle)) < scaleUp,
  );
}

function wantedBy(
  context: PoolContext,
  reserves: readonly RosterEntry[],
  open: number,
  share: number,
): RosterEntry | undefined {
  const { board, roster, policy } = context;
  if (open < policy.workersMin || share > policy.scaleUp) return reserves[0];
  if (board.ready.size === 0 || roster.leaseCount >= roster.leasesMax) return undefined;
  return wantedReserve(board.ready.walk(), roster, routingOf(context));
}

/** Of the slots of workers that take work; 0 without any. */
function busyShare(open: readonly RosterEntry[]): number {
  const slots = open.reduce((sum, entry) => sum + entry.slots, 0);
  return slots === 0 ? 0 : open.reduce((sum, entry) => sum + entry.used, 0) / slots;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} % of the slots are busy`;
}

/** How the crashes of a child are counted: a worker's in its entry, an endpoint's in that of its server. */
function counterOf(
  { roster }: PoolContext,
  actorId: string,
): { crashes: number; crashSerial: number } | undefined {
  const endpoint = endpointOfActor(actorId);
  return endpoint === undefined ? roster.get(workerId(actorId)) : roster.endpoint(endpoint);
}

/** @returns the name of the timer that forgets this crash */
export function countCrash(context: PoolContext, actorId: string): string {
  const counter = counterOf(context, actorId);
  if (counter === undefined) return crashTimer(actorId, 0);
  counter.crashes += 1;
  counter.crashSerial += 1;
  return crashTimer(actorId, counter.crashSerial);
}

function crashTimer(actorId: string, serial: number): string {
  return `crash ${actorId} ${serial}`;
}

export function forgetCrash({ context }: Scope, { actorId }: { actorId: string }): void {
  const counter = counterOf(context, actorId);
  if (counter !== undefined) counter.crashes = Math.max(0, counter.crashes - 1);
}

export function crashesTooOften(context: PoolContext, actorId: string): boolean {
  return (counterOf(context, actorId)?.crashes ?? 0) >= limits.crashesPerWindowMax;
}

const tooManyCrashes = `its actor crashed ${limits.crashesPerWindowMax + 1} times within ${limits.crashWindowMs / 1_000} s; look into the server log, then resume it`;

export function crashReport(actorId: string): Omit<LivenessReport, 'type'> {
  return {
    workerId: workerId(actorId),
    liveness: 'lost',
    detail: 'its actor crashed; the server log has the stack',
  };
}

export function quarantineReport(actorId: string): Omit<AdmissionReport, 'type'> {
  return { workerId: workerId(actorId), admission: 'quarantined', detail: tooManyCrashes };
}

/**
 * Its actor starts anew, in the state of mind of one that has never crashed.
 *
 * @returns the timers of crashes that are forgotten by it, and would be taken from those to come
 */
export function revive({ roster }: PoolContext, actorId: string): readonly string[] {
  const entry = roster.get(workerId(actorId));
  if (entry === undefined) return [];
  const timers = Array.from({ length: entry.crashes }, (_, at) =>
    crashTimer(actorId, entry.crashSerial - at),
  );
  entry.crashes = 0;
  entry.admission = 'active';
  entry.liveness = 'probing';
  return timers;
}

/** A breaker that cannot be kept alive keeps nobody from its server: that is what it would be without one. */
export function brokenBreaker(context: PoolContext, actorId: string): EndpointReport {
  const endpoint = endpointOfActor(actorId) ?? actorId;
  const detail = crashesTooOften(context, actorId)
    ? 'the actor of its circuit breaker crashed too often; it goes without one until the next start'
    : 'the actor of its circuit breaker crashed, and was started anew; the server log has the stack';
  return { type: 'endpoint.noticed', endpoint, breaker: 'closed', detail, openMs: 0, failuresByCode: {} };
}

/** With what the actor of a worker is started; `undefined` for one that has left. */
export function enrolmentOf(context: PoolContext, actorId: string): Enrolment | undefined {
  const entry = context.roster.get(workerId(actorId));
  return entry && { spec: entry.spec, admission: entry.admission };
}

export function livenessFact(context: PoolContext, report: Omit<LivenessReport, 'type'>): RecordedFact {
  return {
    type: 'worker.changed',
    workerId: report.workerId,
    from: context.roster.get(report.workerId)?.liveness ?? 'probing',
    to: report.liveness,
    detail: report.detail,
  };
}

export function admissionFact(context: PoolContext, report: Omit<AdmissionReport, 'type'>): RecordedFact {
  const entry = context.roster.get(report.workerId);
  return {
    type: 'worker.readmitted',
    workerId: report.workerId,
    from: entry?.admission ?? 'active',
    to: report.admission,
    detail: report.detail,
    ...(entry?.isLeaving === true ? { isLeaving: true } : {}),
  };
}

export function breakerFact(context: PoolContext, report: EndpointReport): EndpointFact {
  return {
    type: 'endpoint.changed',
    endpoint: report.endpoint,
    from: context.roster.endpoint(report.endpoint)?.breaker ?? 'closed',
    to: report.breaker,
    detail: report.detail,
    failures: report.failuresByCode,
  };
}

/** Workers that have left, and hold nothing any more. */
export function leavers({ roster }: PoolContext): readonly RosterEntry[] {
  const found: RosterEntry[] = [];
  for (const entry of roster.all()) if (entry.isLeaving && entry.used === 0) found.push(entry);
  return found;
}

/** Corrects the factors by which workers are compared, and says what has changed. */
export function rate({ book, roster }: PoolContext): readonly WorkerFact[] {
  const current = new Map([...roster.all()].map((entry) => [entry.workerId, entry.performanceFactor]));
  const facts: WorkerFact[] = [];
  for (const [id, to] of adjustedFactors(book.medians(), current)) {
    const entry = roster.get(id);
    const from = current.get(id);
    if (entry === undefined || from === undefined || from === to) continue;
    entry.performanceFactor = to;
    book.setFactors([[id, to]]);
    facts.push({ type: 'worker.rated', workerId: id, from, to });
  }
  return facts;
}
