import { limits } from './limits.ts';
import { unseen } from './sighting.ts';
import { workerSetup } from './worker-setup.ts';

/** One worker. Whether it lives, whether it takes work, and what it runs are three matters: beats go on while it generates. */
export const workerMachine = workerSetup.createMachine({
  id: 'worker',
  context: ({ input }) => ({
    ...input,
    slots: Array.from({ length: input.spec.slots }, () => null),
    manned: 0,
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
