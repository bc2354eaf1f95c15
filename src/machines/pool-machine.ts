import { emit, setup, spawnChild, stopChild } from 'xstate';
import type { RecordedFact } from './facts.ts';
import { limits } from './limits.ts';
import * as work from './pool-actions.ts';
import type { PoolContext, PoolInput } from './pool-context.ts';
import type { PoolEvent } from './pool-events.ts';
import { seatOfActor, TaskBoard } from './task-board.ts';
import { taskMachine } from './task-machine.ts';
import { type LivenessReport, type SettledReport, workerMachine } from './worker-machine.ts';
import { WorkerRoster } from './worker-roster.ts';

/** The only root: admits, hands out, supervises, drains. */
export const poolMachine = setup({
  types: {
    input: {} as PoolInput,
    context: {} as PoolContext,
    events: {} as PoolEvent,
    emitted: {} as RecordedFact,
  },
  actors: { task: taskMachine, worker: workerMachine },
  delays: { drainGraceMs: ({ context }) => context.drainGraceMs },
  guards: {
    isCurrent: ({ context }, report: SettledReport) => work.isCurrent(context, report),
    isNews: (_, report: SettledReport) => report.outcome.kind !== 'cancelled',
    isOldNews: ({ context }, report: LivenessReport) =>
      context.roster.get(report.workerId)?.liveness === report.liveness,
    isLoss: (_, report: LivenessReport) => report.liveness === 'lost',
    isTask: (_, params: { actorId: string }) => seatOfActor(params.actorId) !== undefined,
    hasNoLeases: ({ context }) => context.roster.leaseCount === 0,
  },
  actions: {
    dropWorker: stopChild((_, params: { actorId: string }) => params.actorId),
    inherit: work.inherit,
    admit: work.admit,
    activate: work.activate,
    markReady: work.markReady,
    dispatch: work.dispatch,
    handOver: work.handOver,
    settle: work.settle,
    freeSlot: work.freeSlot,
    cancelTask: work.cancelTask,
    forget: work.forget,
    forgetEnded: work.forgetEnded,
    abandonWork: work.abandonWork,
    dismissTasks: work.dismissTasks,
    setLiveness: work.setLiveness,
    releaseLeases: work.releaseLeases,
    releaseAll: work.releaseAll,
    wantTurn: ({ context }) => context.ports.wantTurn(),
    recordLiveness: emit(({ context }, report: LivenessReport) => work.livenessFact(context, report)),
    recordLate: emit((_, report: SettledReport) => work.lateFact(report)),
    recordTaskCrash: emit(({ context }, params: { actorId: string }) =>
      work.taskCrashFact(context, params.actorId),
    ),
    recordWorkerCrash: emit(({ context }, params: { actorId: string }) =>
      work.workerCrashFact(context, params.actorId),
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
}).createMachine({
  id: 'pool',
  context: ({ input: { admissionWindow, nextAssignment, ...kept }, self, spawn }) => {
    for (const spec of kept.workers) spawn('worker', { id: spec.workerId, input: { spec, pool: self } });
    return {
      ...kept,
      board: new TaskBoard(admissionWindow),
      roster: new WorkerRoster(kept.workers, kept.leasesMax, nextAssignment),
    };
  },
  on: {
    'pool.admit': { actions: { type: 'admit', params: ({ event }) => event } },
    'pool.due': { actions: { type: 'inherit', params: ({ event }) => event } },
    'pool.activate': { actions: { type: 'activate', params: ({ event }) => event } },
    'pool.cancel': { actions: { type: 'cancelTask', params: ({ event }) => event } },
    'pool.forget': { actions: { type: 'forget', params: ({ event }) => event } },
    'pool.committed': { actions: { type: 'handOver', params: ({ event }) => event } },
    'task.ready': { actions: { type: 'markReady', params: ({ event }) => event } },
    'worker.settled': [
      {
        guard: { type: 'isCurrent', params: ({ event }) => event },
        actions: [{ type: 'settle', params: ({ event }) => event }, 'wantTurn'],
      },
      {
        guard: { type: 'isNews', params: ({ event }) => event },
        actions: [
          { type: 'freeSlot', params: ({ event }) => event },
          { type: 'recordLate', params: ({ event }) => event },
          'wantTurn',
        ],
      },
      { actions: [{ type: 'freeSlot', params: ({ event }) => event }, 'wantTurn'] },
    ],
    'worker.noticed': [
      { guard: { type: 'isOldNews', params: ({ event }) => event } },
      {
        guard: { type: 'isLoss', params: ({ event }) => event },
        actions: [
          { type: 'recordLiveness', params: ({ event }) => event },
          { type: 'setLiveness', params: ({ event }) => event },
          {
            type: 'releaseLeases',
            params: ({ event }) => ({ workerId: event.workerId, detail: event.detail }),
          },
          'wantTurn',
        ],
      },
      {
        actions: [
          { type: 'recordLiveness', params: ({ event }) => event },
          { type: 'setLiveness', params: ({ event }) => event },
          'wantTurn',
        ],
      },
    ],
    'xstate.done.actor.*': { actions: { type: 'forgetEnded', params: ({ event }) => idOf(event) } },
    'xstate.error.actor.*': [
      {
        guard: { type: 'isTask', params: ({ event }) => idOf(event) },
        actions: [
          { type: 'recordTaskCrash', params: ({ event }) => idOf(event) },
          { type: 'abandonWork', params: ({ event }) => idOf(event) },
          { type: 'forgetEnded', params: ({ event }) => idOf(event) },
          'wantTurn',
        ],
      },
      {
        actions: [
          { type: 'recordWorkerCrash', params: ({ event }) => idOf(event) },
          { type: 'setLiveness', params: ({ event }) => work.crashReport(idOf(event).actorId) },
          { type: 'releaseLeases', params: ({ event }) => work.crashReport(idOf(event).actorId) },
          { type: 'dropWorker', params: ({ event }) => idOf(event) },
          spawnChild('worker', {
            id: ({ event }) => idOf(event).actorId,
            input: ({ context, event, self }) => ({
              spec: work.specOf(context, idOf(event).actorId),
              pool: self,
            }),
          }),
        ],
      },
    ],
  },
  initial: 'starting',
  states: {
    starting: {
      on: {
        'pool.open': {
          target: 'running',
          actions: [
            { type: 'inherit', params: ({ event }) => event },
            { type: 'recordStarted', params: ({ event }) => event },
          ],
        },
        'pool.drain': 'stopped',
      },
    },
    running: {
      entry: 'wantTurn',
      on: { 'pool.drain': 'draining' },
      initial: 'accepting',
      states: {
        accepting: {
          on: {
            'pool.turn': { actions: 'dispatch' },
            'pool.pause': { target: 'paused', actions: 'recordPaused' },
          },
        },
        paused: {
          on: { 'pool.resume': { target: 'accepting', actions: ['recordResumed', 'wantTurn'] } },
        },
      },
    },
    draining: {
      entry: 'recordDraining',
      always: { guard: 'hasNoLeases', target: 'stopped' },
      after: { drainGraceMs: { target: 'stopped', actions: 'releaseAll' } },
    },
    stopped: { type: 'final', entry: ['dismissTasks', 'recordStopped'] },
  },
  options: { maxIterations: limits.machineIterationsMax },
});

/** The child that ended. XState names it in `done` and `error` events alone. */
function idOf(event: PoolEvent): { readonly actorId: string } {
  return { actorId: 'actorId' in event ? event.actorId : '' };
}
