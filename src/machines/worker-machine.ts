import {
  type ActorRef,
  assertEvent,
  assign,
  type ErrorActorEvent,
  enqueueActions,
  fromCallback,
  type Snapshot,
  sendTo,
  setup,
} from 'xstate';
import type { AssignmentId, TaskId, WorkerId } from './identifiers.ts';
import { limits } from './limits.ts';
import { type Outcome, retry } from './outcome.ts';
import type { Liveness } from './worker-state.ts';

/** A worker as configured. */
export interface WorkerSpec {
  readonly workerId: WorkerId;
  readonly location: 'local' | 'remote';
  /** Task types it takes; empty for all. */
  readonly capabilities: readonly string[];
  readonly performanceFactor: number;
  readonly slots: number;
  readonly standby: boolean;
  /** It is lost when it missed at least so many beats in a row … */
  readonly missesMax: number;
  /** … and was silent for at least so long, in ms. */
  readonly silenceMsMax: number;
}

/** A task in the hands of a worker, under its fencing token. */
export interface Lease {
  readonly taskId: TaskId;
  readonly assignmentId: AssignmentId;
}

export interface WorkerInput {
  readonly spec: WorkerSpec;
  readonly pool: ActorRef<Snapshot<unknown>, WorkerReport>;
}

export interface WorkerContext extends WorkerInput {
  /** One place for each slot: the lease that runs in it, or `null`. */
  readonly slots: readonly (Lease | null)[];
  /** Beats missed in a row. */
  readonly misses: number;
}

export type WorkerCommand =
  | ({ readonly type: 'worker.run' } & Lease)
  /** The lease has ended otherwise: stop generating. The execution answers with the outcome `cancelled`. */
  | { readonly type: 'worker.stop'; readonly assignmentId: AssignmentId };

export interface SettledReport extends Lease {
  readonly type: 'worker.settled';
  readonly workerId: WorkerId;
  readonly outcome: Outcome;
  /** Uniform in [0, 1), for the jitter of a retry. */
  readonly draw: number;
}

export interface LivenessReport {
  readonly type: 'worker.noticed';
  readonly workerId: WorkerId;
  readonly liveness: Liveness;
  /** Why, in one sentence; empty for good news. */
  readonly detail: string;
}

/** What a worker tells its pool. */
export type WorkerReport = SettledReport | LivenessReport;

/** What an execution tells its worker, once. */
export interface ExecutionReport extends Lease {
  readonly type: 'execution.settled';
  readonly slot: number;
  readonly outcome: Outcome;
  readonly draw: number;
}

/** What a heartbeat tells its worker, each interval. `silentMs`: how long it listened without an answer. */
export type HeartbeatReport =
  | { readonly type: 'heartbeat.received' }
  | { readonly type: 'heartbeat.missed'; readonly silentMs: number; readonly detail: string };

export interface ExecutionInput extends Lease {
  readonly workerId: WorkerId;
  readonly slot: number;
}
export type ExecutionCommand = { readonly type: 'execution.stop' };
/** Do not wait for the next interval. */
export type HeartbeatCommand = { readonly type: 'heartbeat.probe' };

type WorkerEvent = WorkerCommand | ExecutionReport | HeartbeatReport | ErrorActorEvent;

const actorOfSlot = (slot: number) => `slot-${slot}`;
const slotOfActor = (actorId: string) => Number(actorId.slice('slot-'.length));

function settled(context: WorkerContext, lease: Lease, outcome: Outcome, draw: number): SettledReport {
  const { taskId, assignmentId } = lease;
  return { type: 'worker.settled', workerId: context.spec.workerId, taskId, assignmentId, outcome, draw };
}

/** One worker. Whether it lives is one matter, what it runs another: beats go on while it generates. */
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
  delays: { heartbeatRestartMs: 1_000 },
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
  },
  actions: {
    countMiss: assign(({ context }) => ({ misses: context.misses + 1 })),
    forgetMisses: assign({ misses: 0 }),
    probeNow: sendTo('heartbeat', { type: 'heartbeat.probe' }),
    reportLiveness: sendTo(
      ({ context }) => context.pool,
      ({ context }, params: { liveness: Liveness; detail: string }): LivenessReport => ({
        type: 'worker.noticed',
        workerId: context.spec.workerId,
        ...params,
      }),
    ),
    run: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'worker.run');
      const lease = { taskId: event.taskId, assignmentId: event.assignmentId };
      const slot = context.slots.indexOf(null);
      if (slot === -1) {
        // The pool counts slots and will not get here; if it does, the task must not hang.
        const outcome = retry('execution.crashed', 'the worker was handed more than it has slots for');
        enqueue.sendTo(context.pool, settled(context, lease, outcome, 0));
        return;
      }
      enqueue.assign({ slots: context.slots.with(slot, lease) });
      enqueue.spawnChild('execution', {
        id: actorOfSlot(slot),
        input: { ...lease, workerId: context.spec.workerId, slot },
      });
    }),
    stop: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'worker.stop');
      const slot = context.slots.findIndex((lease) => lease?.assignmentId === event.assignmentId);
      enqueue.sendTo(actorOfSlot(slot), { type: 'execution.stop' });
    }),
    settle: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'execution.settled');
      enqueue.stopChild(actorOfSlot(event.slot));
      enqueue.assign({ slots: context.slots.with(event.slot, null) });
      enqueue.sendTo(context.pool, settled(context, event, event.outcome, event.draw));
    }),
    settleCrash: enqueueActions(({ context, event, enqueue }) => {
      const { actorId } = event as ErrorActorEvent;
      const slot = slotOfActor(actorId);
      const lease = context.slots[slot];
      if (lease === undefined || lease === null) return;
      enqueue.stopChild(actorId);
      enqueue.assign({ slots: context.slots.with(slot, null) });
      const outcome = retry('execution.crashed', 'the execution crashed; the server log has the stack');
      enqueue.sendTo(context.pool, settled(context, lease, outcome, 0));
    }),
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({
    ...input,
    slots: Array.from({ length: input.spec.slots }, () => null),
    misses: 0,
  }),
  on: {
    'worker.run': { actions: 'run' },
    'worker.stop': {
      guard: { type: 'runs', params: ({ event }) => event },
      actions: 'stop',
    },
    'execution.settled': {
      guard: { type: 'holdsSlot', params: ({ event }) => event },
      actions: 'settle',
    },
    'xstate.error.actor.*': { actions: 'settleCrash' },
  },
  initial: 'watched',
  states: {
    watched: {
      invoke: {
        id: 'heartbeat',
        src: 'heartbeat',
        input: ({ context }) => ({ workerId: context.spec.workerId }),
        onError: {
          target: 'unwatched',
          actions: {
            type: 'reportLiveness',
            params: { liveness: 'suspect', detail: 'its heartbeat crashed; it is watched again in a second' },
          },
        },
      },
      initial: 'probing',
      states: {
        probing: {
          on: {
            'heartbeat.received': 'alive',
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
            'heartbeat.received': 'alive',
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
        lost: { on: { 'heartbeat.received': 'alive' } },
      },
    },
    // The watcher itself broke: nothing is known of the worker until it is watched again.
    unwatched: { after: { heartbeatRestartMs: 'watched' } },
  },
  options: { maxIterations: limits.machineIterationsMax },
});
