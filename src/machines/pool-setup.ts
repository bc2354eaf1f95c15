import { assertEvent, emit, setup, stopChild } from 'xstate';
import { type EndpointReport, endpointMachine } from './endpoint-machine.ts';
import type { RecordedFact } from './facts.ts';
import { type WorkerId, workerId } from './identifiers.ts';
import { limits } from './limits.ts';
import type { PoolContext, PoolInput } from './pool-context.ts';
import type { PoolEvent } from './pool-events.ts';
import * as leases from './pool-leases.ts';
import * as staff from './pool-staff.ts';
import * as tasks from './pool-tasks.ts';
import * as workers from './pool-workers.ts';
import { seatOfActor } from './seat.ts';
import { taskMachine } from './task-machine.ts';
import { workerMachine } from './worker-machine.ts';
import type { AdmissionReport, LivenessReport, SettledReport } from './worker-reports.ts';
import type { AdmissionOrder } from './worker-state.ts';

const basis = setup({
  types: {
    input: {} as PoolInput,
    context: {} as PoolContext,
    events: {} as PoolEvent,
    emitted: {} as RecordedFact,
  },
  actors: { task: taskMachine, worker: workerMachine, endpoint: endpointMachine },
  delays: { drainGraceMs: ({ context }) => context.drainGraceMs, crashWindowMs: limits.crashWindowMs },
  guards: {
    isCurrent: ({ context }, report: SettledReport) => leases.isCurrent(context, report),
    isNews: (_, report: SettledReport) => report.outcome.kind !== 'cancelled',
    isOldNews: ({ context }, report: LivenessReport) =>
      context.roster.get(report.workerId)?.liveness === report.liveness,
    isOldAdmission: ({ context }, report: AdmissionReport) =>
      context.roster.get(report.workerId)?.admission === report.admission,
    /** The pool itself knew that a trial is under way. */
    isKnownBreaker: ({ context }, report: EndpointReport) =>
      report.breaker === 'trying' && context.roster.endpoint(report.endpoint)?.breaker === 'trying',
    isLoss: (_, report: LivenessReport) => report.liveness === 'lost',
    isTask: (_, params: { actorId: string }) => seatOfActor(params.actorId) !== undefined,
    isEndpoint: (_, params: { actorId: string }) => leases.endpointOfActor(params.actorId) !== undefined,
    isRevival: ({ context }, params: { workerId: WorkerId; order: AdmissionOrder }) =>
      workers.isRevival(context, params),
    crashesTooOften: ({ context }, params: { actorId: string }) =>
      workers.crashesTooOften(context, params.actorId),
    hasNoLeases: ({ context }) => context.roster.leaseCount === 0,
    wasPaused: ({ context }) => context.isPaused,
  },
});

/** The words of the pool's chart: its guards, actions and delays by name. */
export const poolSetup = basis.extend({
  actions: {
    inherit: tasks.inherit,
    admit: tasks.admit,
    activate: tasks.activate,
    markReady: tasks.markReady,
    cancelTask: tasks.cancelTask,
    forget: tasks.forget,
    forgetCrashed: tasks.forgetCrashed,
    abandonWork: tasks.abandonWork,
    reprioritize: tasks.reprioritize,
    dismissTasks: tasks.dismissTasks,
    dispatch: leases.dispatch,
    refill: leases.refill,
    handOver: leases.handOver,
    settle: leases.settle,
    freeSlot: leases.freeSlot,
    releaseLeases: leases.releaseLeases,
    releaseAll: leases.releaseAll,
    setLiveness: workers.setLiveness,
    setAdmission: workers.setAdmission,
    setBreaker: workers.setBreaker,
    noteSighting: workers.noteSighting,
    giveOrder: workers.giveOrder,
    probe: workers.probe,
    resetEndpoint: workers.resetEndpoint,
    rescale: workers.rescale,
    forgetCrash: workers.forgetCrash,
    wantTurn: ({ context }) => context.ports.wantTurn(),
    dropChild: stopChild((_, params: { actorId: string }) => params.actorId),
    // These read the event themselves: the types of XState 5 lose the params of an action that enqueues others.
    countCrash: basis.enqueueActions(({ context, event, enqueue }) => {
      const { actorId } = idOf(event);
      const id = workers.countCrash(context, actorId);
      enqueue.raise({ type: 'crash.forgotten', actorId }, { delay: 'crashWindowMs', id });
    }),
    spawnWorker: basis.enqueueActions(({ context, event, enqueue, self }) => {
      const { actorId } = idOf(event);
      const enrolment = workers.enrolmentOf(context, actorId);
      if (enrolment === undefined) return;
      enqueue.spawnChild('worker', { id: actorId, input: { ...enrolment, pool: self } });
    }),
    spawnEndpoint: basis.enqueueActions(({ context, event, enqueue, self }) => {
      assertEvent(event, 'endpoint.missing');
      const { endpoint } = event;
      const input = { endpoint, policy: context.policy.breaker, pool: self };
      enqueue.spawnChild('endpoint', { id: leases.actorOfEndpoint(endpoint), input });
    }),
    /** A breaker starts anew, closed; one that crashes too often is gone without. */
    superviseEndpoint: basis.enqueueActions(({ context, event, enqueue, self }) => {
      const { actorId } = idOf(event);
      const endpoint = leases.endpointOfActor(actorId) ?? actorId;
      const isHopeless = workers.crashesTooOften(context, actorId);
      const report = workers.brokenBreaker(context, actorId);
      enqueue.stopChild(actorId);
      enqueue.emit(workers.breakerFact(context, report));
      workers.setBreaker({ context, self }, report);
      if (isHopeless) return;
      const id = workers.countCrash(context, actorId);
      enqueue.raise({ type: 'crash.forgotten', actorId }, { delay: 'crashWindowMs', id });
      enqueue.raise({ type: 'endpoint.missing', endpoint });
    }),
    enrol: basis.enqueueActions(({ context, event, enqueue, self }) => {
      assertEvent(event, 'pool.enrol');
      const { workers: missing, endpoints } = staff.enrol({ context, self }, event);
      for (const endpoint of endpoints) enqueue.raise({ type: 'endpoint.missing', endpoint });
      for (const { workerId, detail } of missing)
        enqueue.raise({ type: 'worker.missing', actorId: workerId, detail });
    }),
    reconfigure: basis.enqueueActions(({ context, event, enqueue, self }) => {
      assertEvent(event, 'pool.reconfigure');
      const { policy, changes } = event;
      enqueue.emit({ type: 'pool.reconfigured', version: policy.version, changes });
      enqueue.assign({ policy });
      const { workers: missing, endpoints } = staff.reconfigure({ context, self }, event);
      for (const endpoint of endpoints) enqueue.raise({ type: 'endpoint.missing', endpoint });
      for (const { workerId, detail } of missing)
        enqueue.raise({ type: 'worker.missing', actorId: workerId, detail });
      for (const { name } of context.roster.endpoints()) {
        leases.tellEndpoint(self, name, { type: 'endpoint.configure', policy: policy.breaker });
      }
    }),
    retireLeavers: basis.enqueueActions(({ context, enqueue }) => {
      for (const entry of workers.leavers(context)) {
        enqueue.stopChild(entry.workerId);
        context.roster.remove(entry);
        enqueue.emit({ type: 'worker.retired', workerId: entry.workerId, detail: entry.leaveDetail });
      }
    }),
    rate: basis.enqueueActions(({ context, enqueue }) => {
      for (const fact of workers.rate(context)) enqueue.emit(fact);
    }),
    retire: staff.retire,
    revive: basis.enqueueActions(({ context, event, enqueue }) => {
      for (const timer of workers.revive(context, idOf(event).actorId)) enqueue.cancel(timer);
    }),
    recordEnrolled: emit((_, params: { actorId: string; detail: string }) => ({
      type: 'worker.enrolled' as const,
      workerId: workerId(params.actorId),
      detail: params.detail,
    })),
    recordLiveness: emit(({ context }, report: Omit<LivenessReport, 'type'>) =>
      workers.livenessFact(context, report),
    ),
    recordAdmission: emit(({ context }, report: Omit<AdmissionReport, 'type'>) =>
      workers.admissionFact(context, report),
    ),
    recordBreaker: emit(({ context }, report: EndpointReport) => workers.breakerFact(context, report)),
    recordLate: emit((_, report: SettledReport) => leases.lateFact(report)),
    recordTaskCrash: emit(({ context }, params: { actorId: string }) =>
      tasks.taskCrashFact(context, params.actorId),
    ),
    recordStarted: emit(({ context }, params: { recovered: number }) => ({
      type: 'pool.started' as const,
      recovered: params.recovered,
      waiting: context.board.liveCount + context.board.dormantCount,
    })),
    recordPaused: emit({ type: 'pool.paused' }),
    recordResumed: emit({ type: 'pool.resumed' }),
    recordDraining: emit(({ context }) => ({
      type: 'pool.draining' as const,
      leases: context.roster.leaseCount,
    })),
    recordStopped: emit({ type: 'pool.stopped' }),
  },
});

/** The child that an event is about. XState names it in `error` events alone. */
export function idOf(event: PoolEvent): { readonly actorId: string } {
  if ('actorId' in event) return { actorId: event.actorId };
  return { actorId: event.type === 'pool.order' ? event.workerId : '' };
}
