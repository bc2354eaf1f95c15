import {
  assertEvent,
  assign,
  type ErrorActorEvent,
  enqueueActions,
  fromCallback,
  sendTo,
  setup,
} from 'xstate';
import type { AssignmentId, WorkerId } from './identifiers.ts';
import { limits } from './limits.ts';
import { type Outcome, retry } from './outcome.ts';
import { unseen } from './sighting.ts';
import * as work from './worker-actions.ts';
import type {
  ExecutionCommand,
  ExecutionInput,
  HeartbeatCommand,
  WorkerContext,
  WorkerEvent,
  WorkerInput,
} from './worker-events.ts';
import type { AdmissionReport, Lease, SightingReport } from './worker-reports.ts';
import type { WorkerSpec } from './worker-spec.ts';
import type { Admission, Liveness } from './worker-state.ts';

/** One worker. Whether it lives, whether it takes work, and what it runs are three matters: beats go on while it generates. */
export const workerMachine = setup({
  types: { input: {} as WorkerInput, context: {} as WorkerContext, events: {} as WorkerEvent },
  actors: {
    heartbeat: fromCallback<HeartbeatCommand, { workerId: WorkerId }>(() => {
      throw new Error('actor "heartbeat" is not provided');
    }),
    execution: fromCallback<ExecutionCommand, ExecutionInput>(() => {
      throw new Error('actor "execution" is not provided');
    }),
  },
  delays: { heartbeatRestartMs: 1_000, crashWindowMs: limits.crashWindowMs },
  guards: {
    isOverdue: ({ context }, params: { silentMs: number }) =>
      context.misses + 1 >= context.spec.missesMax && params.silentMs >= context.spec.silenceMsMax,
    /** An execution could not reach the worker: that is news of its liveness, and sooner than a beat. */
    isOutOfReach: (
      { context },
      { slot, assignmentId, outcome }: Lease & { slot: number; outcome: Outcome },
    ) =>
      context.slots[slot]?.assignmentId === assignmentId &&
      outcome.kind === 'retry' &&
      outcome.failure.code === 'backend.unreachable',
    runs: ({ context }, params: { assignmentId: AssignmentId }) =>
      context.slots.some((lease) => lease?.assignmentId === params.assignmentId),
    holdsSlot: ({ context }, params: Lease & { slot: number }) =>
      context.slots[params.slot]?.assignmentId === params.assignmentId,
    isIdle: ({ context }) => context.slots.every((lease) => lease === null),
    startsAs: ({ context }, params: { admission: Admission }) => context.admission === params.admission,
    crashesTooOften: ({ context }) => context.crashes >= limits.crashesPerWindowMax,
  },
  actions: {
    countMiss: assign(({ context }) => ({ misses: context.misses + 1 })),
    forgetMisses: assign({ misses: 0 }),
    countCrash: enqueueActions(({ context, enqueue }) => {
      const crashSerial = context.crashSerial + 1;
      enqueue.assign({ crashes: context.crashes + 1, crashSerial });
      enqueue.raise({ type: 'crash.forgotten' }, { delay: 'crashWindowMs', id: `crash ${crashSerial}` });
    }),
    forgetCrash: assign(({ context }) => ({ crashes: Math.max(0, context.crashes - 1) })),
    /** The fault goes up: what crashes again and again is not mended by starting it again. */
    escalate: ({ context }) => {
      throw new Error(
        `the children of worker ${context.spec.workerId} crashed ${limits.crashesPerWindowMax + 1} times within ${limits.crashWindowMs / 1_000} s`,
      );
    },
    configure: assign((_, params: { spec: WorkerSpec }) => ({ spec: params.spec })),
    fitSlots: assign(({ context }) => ({ slots: work.fitSlots(context) })),
    probeNow: sendTo('heartbeat', { type: 'heartbeat.probe' }),
    reportLiveness: sendTo(
      ({ context }) => context.pool,
      ({ context }, params: { liveness: Liveness; detail: string }) => ({
        type: 'worker.noticed' as const,
        workerId: context.spec.workerId,
        ...params,
      }),
    ),
    reportAdmission: sendTo(
      ({ context }) => context.pool,
      ({ context, event }, params: { admission: Admission }): AdmissionReport => ({
        type: 'worker.admitted',
        workerId: context.spec.workerId,
        admission: params.admission,
        detail: work.detailOf(event),
      }),
    ),
    noteSighting: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'heartbeat.received');
      const { sighting } = event;
      if (work.isSame(sighting, context.sighting)) return;
      enqueue.assign({ sighting });
      const report: SightingReport = { type: 'worker.sighted', workerId: context.spec.workerId, sighting };
      enqueue.sendTo(context.pool, report);
    }),
    run: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'worker.run');
      const lease = { taskId: event.taskId, assignmentId: event.assignmentId };
      const slot = context.slots.indexOf(null);
      if (slot === -1) {
        // Slots were taken away after the pool had counted them. The task is not to blame.
        const message = `worker ${context.spec.workerId} was handed more than it has slots for`;
        const outcome: Outcome = { kind: 'released', failure: { code: 'worker.lost', message } };
        enqueue.sendTo(context.pool, work.settled(context, lease, { outcome, draw: 0, elapsedMs: 0 }));
        return;
      }
      enqueue.assign({ slots: context.slots.with(slot, lease) });
      enqueue.spawnChild('execution', {
        id: work.actorOfSlot(slot),
        input: { ...lease, workerId: context.spec.workerId, slot, model: event.model },
      });
    }),
    stop: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'worker.stop');
      const slot = context.slots.findIndex((lease) => lease?.assignmentId === event.assignmentId);
      enqueue.sendTo(work.actorOfSlot(slot), { type: 'execution.stop' });
    }),
    settle: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'execution.settled');
      enqueue.stopChild(work.actorOfSlot(event.slot));
      enqueue.assign({ slots: work.freed(context, event.slot) });
      enqueue.sendTo(context.pool, work.settled(context, event, event));
    }),
    settleCrash: enqueueActions(({ context, event, enqueue }) => {
      const { actorId } = event as ErrorActorEvent;
      const slot = work.slotOfActor(actorId);
      const lease = context.slots[slot];
      if (lease === undefined || lease === null) return;
      enqueue.stopChild(actorId);
      enqueue.assign({ slots: work.freed(context, slot) });
      const outcome = retry('execution.crashed', 'the execution crashed; the server log has the stack');
      enqueue.sendTo(context.pool, work.settled(context, lease, { outcome, draw: 0, elapsedMs: 0 }));
    }),
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({
    ...input,
    slots: Array.from({ length: input.spec.slots }, () => null),
    misses: 0,
    crashes: 0,
    crashSerial: 0,
    sighting: unseen,
  }),
  on: {
    'worker.run': { actions: 'run' },
    'worker.stop': {
      guard: { type: 'runs', params: ({ event }) => event },
      actions: 'stop',
    },
    'worker.configure': {
      actions: [{ type: 'configure', params: ({ event }) => event }, 'fitSlots'],
    },
    'execution.settled': {
      guard: { type: 'holdsSlot', params: ({ event }) => event },
      actions: 'settle',
    },
    'crash.forgotten': { actions: 'forgetCrash' },
    'xstate.error.actor.*': [
      { guard: 'crashesTooOften', actions: 'escalate' },
      { actions: ['settleCrash', 'countCrash'] },
    ],
  },
  type: 'parallel',
  states: {
    liveness: {
      initial: 'watched',
      states: {
        watched: {
          invoke: {
            id: 'heartbeat',
            src: 'heartbeat',
            input: ({ context }) => ({ workerId: context.spec.workerId }),
            onError: [
              { guard: 'crashesTooOften', actions: 'escalate' },
              {
                target: 'unwatched',
                actions: [
                  'countCrash',
                  {
                    type: 'reportLiveness',
                    params: {
                      liveness: 'suspect',
                      detail: 'its heartbeat crashed; it is watched again in a second',
                    },
                  },
                ],
              },
            ],
          },
          on: { 'worker.probe': { actions: 'probeNow' } },
          initial: 'probing',
          states: {
            probing: {
              on: {
                'heartbeat.received': { target: 'alive', actions: 'noteSighting' },
                'heartbeat.missed': {
                  target: 'lost',
                  actions: {
                    type: 'reportLiveness',
                    params: ({ event }) => ({ liveness: 'lost', detail: event.detail }),
                  },
                },
              },
            },
            alive: {
              entry: ['forgetMisses', { type: 'reportLiveness', params: { liveness: 'alive', detail: '' } }],
              on: {
                'heartbeat.received': { actions: 'noteSighting' },
                'execution.settled': {
                  guard: { type: 'isOutOfReach', params: ({ event }) => event },
                  target: 'suspect',
                  actions: [
                    'settle',
                    'probeNow',
                    {
                      type: 'reportLiveness',
                      params: { liveness: 'suspect', detail: 'it could not be reached to run a task' },
                    },
                  ],
                },
                'heartbeat.missed': {
                  target: 'suspect',
                  actions: [
                    'countMiss',
                    {
                      type: 'reportLiveness',
                      params: ({ event }) => ({ liveness: 'suspect', detail: event.detail }),
                    },
                  ],
                },
              },
            },
            suspect: {
              on: {
                'heartbeat.received': { target: 'alive', actions: 'noteSighting' },
                'heartbeat.missed': [
                  {
                    guard: { type: 'isOverdue', params: ({ event }) => event },
                    target: 'lost',
                    actions: {
                      type: 'reportLiveness',
                      params: ({ event }) => ({ liveness: 'lost', detail: event.detail }),
                    },
                  },
                  { actions: 'countMiss' },
                ],
              },
            },
            lost: { on: { 'heartbeat.received': { target: 'alive', actions: 'noteSighting' } } },
          },
        },
        // The watcher itself broke: nothing is known of the worker until it is watched again, and that is no reason to call it
        // lost by the first beat that is missed then.
        unwatched: { after: { heartbeatRestartMs: 'watched.suspect' } },
      },
    },
    admission: {
      initial: 'entering',
      states: {
        entering: {
          always: [
            { guard: { type: 'startsAs', params: { admission: 'standby' } }, target: 'standby' },
            { guard: { type: 'startsAs', params: { admission: 'draining' } }, target: 'draining' },
            { guard: { type: 'startsAs', params: { admission: 'drained' } }, target: 'drained' },
            { target: 'active' },
          ],
        },
        active: {
          entry: { type: 'reportAdmission', params: { admission: 'active' } },
          on: { 'worker.rest': 'standby', 'worker.drain': 'draining' },
        },
        standby: {
          entry: { type: 'reportAdmission', params: { admission: 'standby' } },
          on: { 'worker.activate': 'active', 'worker.resume': 'active', 'worker.drain': 'draining' },
        },
        draining: {
          entry: { type: 'reportAdmission', params: { admission: 'draining' } },
          always: { guard: 'isIdle', target: 'drained' },
          on: { 'worker.rest': 'standby', 'worker.resume': 'active' },
        },
        drained: {
          entry: { type: 'reportAdmission', params: { admission: 'drained' } },
          on: { 'worker.rest': 'standby', 'worker.resume': 'active' },
        },
      },
    },
  },
  options: { maxIterations: limits.machineIterationsMax },
});
