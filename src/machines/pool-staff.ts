import type { WorkerId } from './identifiers.ts';
import type { Enrolment, PoolContext, PoolInput } from './pool-context.ts';
import { workerRef } from './pool-leases.ts';
import type { Command, Scope } from './pool-tasks.ts';
import { WorkerRoster } from './worker-roster.ts';
import type { WorkerSpec } from './worker-spec.ts';

/** Who belongs to the pool: the workers of the files, and those that join by themselves. */

/** Actors that the pool has to start for it. */
export interface Vacancies {
  readonly workers: readonly { readonly workerId: WorkerId; readonly detail: string }[];
  readonly endpoints: readonly string[];
}

export function rosterOf({ policy, nextAssignment, workers, book }: PoolInput): WorkerRoster {
  const roster = new WorkerRoster(policy.leasesMax, nextAssignment);
  for (const { spec, admission } of workers) roster.enter(spec, admission);
  book.setFactors(workers.map(({ spec }) => [spec.workerId, spec.performanceFactor]));
  roster.limitHosts(policy.hosts);
  return roster;
}

export function enrol({ context, self }: Scope, event: Command<'pool.enrol'>): Vacancies {
  return enterAll(context, self, [event], event.detail);
}

/** Takes the new configuration over: new workers are to be started, changed ones are told, those that are gone leave. */
export function reconfigure({ context, self }: Scope, event: Command<'pool.reconfigure'>): Vacancies {
  const { roster, board } = context;
  const { policy, workers } = event;
  board.ready.agingMs = policy.routing.agingMs;
  roster.leasesMax = policy.leasesMax;
  const named = new Set(workers.map(({ workerId }) => workerId));
  for (const entry of roster.all()) {
    if (entry.spec.joined || named.has(entry.workerId)) continue;
    retire({ context, self }, { workerId: entry.workerId, detail: 'it has left the configuration' });
  }
  const vacancies = enterAll(
    context,
    self,
    workers.map((spec) => ({ spec, admission: spec.standby ? 'standby' : 'active' })),
    'the configuration names it',
  );
  roster.limitHosts(policy.hosts);
  return vacancies;
}

function enterAll(
  { roster, book }: PoolContext,
  pool: Scope['self'],
  enrolments: readonly Enrolment[],
  detail: string,
): Vacancies {
  const workers: { workerId: WorkerId; detail: string }[] = [];
  const endpoints = new Set<string>();
  for (const { spec, admission } of enrolments) {
    const { workerId, endpoint } = spec;
    if (roster.endpoint(endpoint) === undefined) endpoints.add(endpoint);
    const former = roster.get(workerId);
    const isBack = former?.isLeaving === true;
    if (former !== undefined && !isBack && isSameSpec(former.spec, spec)) continue;
    // That an operator has sent it away stands above what the configuration says.
    const isHere = former?.admission === 'active' || former?.admission === 'standby';
    const isReserveNow = isHere && former.spec.standby !== spec.standby;
    const { performanceFactor } = roster.enter(spec, admission);
    book.setFactors([[workerId, performanceFactor]]);
    if (former === undefined) {
      workers.push({ workerId, detail });
      continue;
    }
    const ref = workerRef(pool, workerId);
    ref?.send({ type: 'worker.configure', spec });
    if (isBack || isReserveNow) ref?.send({ type: spec.standby ? 'worker.rest' : 'worker.resume', detail });
  }
  return { workers, endpoints: [...endpoints] };
}

function isSameSpec(a: WorkerSpec, b: WorkerSpec): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** It takes nothing more, and goes when it holds nothing more. */
export function retire(
  { context, self }: Scope,
  { workerId, detail }: Pick<Command<'pool.retire'>, 'workerId' | 'detail'>,
): void {
  const entry = context.roster.get(workerId);
  if (entry === undefined || entry.isLeaving) return;
  entry.isLeaving = true;
  entry.leaveDetail = detail;
  workerRef(self, workerId)?.send({ type: 'worker.drain', detail });
}
