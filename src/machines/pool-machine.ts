import { limits } from './limits.ts';
import * as leases from './pool-leases.ts';
import { idOf, poolSetup } from './pool-setup.ts';
import * as staff from './pool-staff.ts';
import * as workers from './pool-workers.ts';
import { PredictionError } from './prediction-error.ts';
import { TaskBoard } from './task-board.ts';

/** The only root: admits, hands out, supervises, drains. */
export const poolMachine = poolSetup.createMachine({
  id: 'pool',
  context: ({ input, self, spawn }) => {
    const { policy, book, drainGraceMs, isPaused, ports } = input;
    const roster = staff.rosterOf(input);
    for (const { spec, admission } of input.workers) {
      spawn('worker', { id: spec.workerId, input: { spec, admission, pool: self } });
    }
    for (const { name } of roster.endpoints()) {
      const endpointInput = { endpoint: name, policy: policy.breaker, pool: self };
      spawn('endpoint', { id: leases.actorOfEndpoint(name), input: endpointInput });
    }
    const board = new TaskBoard(input.admissionWindow, policy.routing.agingMs);
    const predictionError = new PredictionError();
    return { policy, book, drainGraceMs, isPaused, ports, board, roster, predictionError };
  },
  on: {
    'pool.admit': { actions: { type: 'admit', params: ({ event }) => event } },
    'pool.due': { actions: { type: 'inherit', params: ({ event }) => event } },
    'pool.activate': { actions: { type: 'activate', params: ({ event }) => event } },
    'pool.cancel': { actions: { type: 'cancelTask', params: ({ event }) => event } },
    'pool.reprioritize': { actions: { type: 'reprioritize', params: ({ event }) => event } },
    'pool.forget': { actions: { type: 'forget', params: ({ event }) => event } },
    'pool.committed': { actions: { type: 'handOver', params: ({ event }) => event } },
    'pool.turn': { actions: 'retireLeavers' },
    'pool.enrol': { actions: ['enrol', 'wantTurn'] },
    'pool.retire': { actions: [{ type: 'retire', params: ({ event }) => event }, 'wantTurn'] },
    'pool.reconfigure': { actions: ['reconfigure', 'wantTurn'] },
    'pool.probe': { actions: { type: 'probe', params: ({ event }) => event } },
    'pool.reset': { actions: { type: 'resetEndpoint', params: ({ event }) => event } },
    'pool.rate': { actions: 'rate' },
    'pool.order': [
      {
        guard: { type: 'isRevival', params: ({ event }) => event },
        actions: [
          { type: 'recordAdmission', params: ({ event }) => ({ ...event, admission: 'active' }) },
          'revive',
          'spawnWorker',
        ],
      },
      { actions: { type: 'giveOrder', params: ({ event }) => event } },
    ],
    'worker.missing': {
      actions: [{ type: 'recordEnrolled', params: ({ event }) => event }, 'spawnWorker'],
    },
    'endpoint.missing': { actions: 'spawnEndpoint' },
    'crash.forgotten': { actions: { type: 'forgetCrash', params: ({ event }) => event } },
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
          { type: 'releaseLeases', params: ({ event }) => event },
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
    'worker.admitted': [
      { guard: { type: 'isOldAdmission', params: ({ event }) => event } },
      {
        actions: [
          { type: 'recordAdmission', params: ({ event }) => event },
          { type: 'setAdmission', params: ({ event }) => event },
          'wantTurn',
        ],
      },
    ],
    'worker.sighted': { actions: [{ type: 'noteSighting', params: ({ event }) => event }, 'wantTurn'] },
    'endpoint.noticed': [
      { guard: { type: 'isKnownBreaker', params: ({ event }) => event } },
      {
        actions: [
          { type: 'recordBreaker', params: ({ event }) => event },
          { type: 'setBreaker', params: ({ event }) => event },
          'wantTurn',
        ],
      },
    ],
    'xstate.error.actor.*': [
      {
        guard: { type: 'isTask', params: ({ event }) => idOf(event) },
        actions: [
          { type: 'recordTaskCrash', params: ({ event }) => idOf(event) },
          { type: 'abandonWork', params: ({ event }) => idOf(event) },
          { type: 'forgetCrashed', params: ({ event }) => idOf(event) },
          'wantTurn',
        ],
      },
      {
        guard: { type: 'isEndpoint', params: ({ event }) => idOf(event) },
        actions: ['superviseEndpoint', 'wantTurn'],
      },
      {
        guard: { type: 'crashesTooOften', params: ({ event }) => idOf(event) },
        actions: [
          { type: 'recordLiveness', params: ({ event }) => workers.crashReport(idOf(event).actorId) },
          { type: 'recordAdmission', params: ({ event }) => workers.quarantineReport(idOf(event).actorId) },
          { type: 'setLiveness', params: ({ event }) => workers.crashReport(idOf(event).actorId) },
          { type: 'setAdmission', params: ({ event }) => workers.quarantineReport(idOf(event).actorId) },
          { type: 'releaseLeases', params: ({ event }) => workers.crashReport(idOf(event).actorId) },
          { type: 'dropChild', params: ({ event }) => idOf(event) },
          'wantTurn',
        ],
      },
      {
        actions: [
          'countCrash',
          { type: 'recordLiveness', params: ({ event }) => workers.crashReport(idOf(event).actorId) },
          { type: 'setLiveness', params: ({ event }) => workers.crashReport(idOf(event).actorId) },
          { type: 'releaseLeases', params: ({ event }) => workers.crashReport(idOf(event).actorId) },
          { type: 'dropChild', params: ({ event }) => idOf(event) },
          'spawnWorker',
          'wantTurn',
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
      initial: 'deciding',
      states: {
        deciding: { always: [{ guard: 'wasPaused', target: 'paused' }, { target: 'accepting' }] },
        accepting: {
          on: {
            'pool.turn': { actions: ['dispatch', 'refill', 'rescale', 'retireLeavers'] },
            'pool.pause': { target: 'paused', actions: 'recordPaused' },
          },
        },
        paused: {
          on: {
            'pool.turn': { actions: ['refill', 'retireLeavers'] },
            'pool.resume': { target: 'accepting', actions: ['recordResumed', 'wantTurn'] },
          },
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
