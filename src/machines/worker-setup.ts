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
import * as work from './worker-actions.ts';
import type {
  ExecutionCommand,
  ExecutionInput,
  HeartbeatCommand,
  WorkerContext,
  WorkerEvent,
  WorkerInput,
} from './worker-events.ts';
import type { AdmissionReport, ExecutionReports, SightingReport } from './worker-reports.ts';
import type { WorkerSpec } from './worker-spec.ts';
import type { Admission, Liveness } from './worker-state.ts';

type Settled = Pick<ExecutionReports, 'reports'>;

/** The words of a worker's chart: its guards, actions and delays by name. */
export const workerSetup = setup({
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
    isOutOfReach: ({ context }, { reports }: Settled) =>
      reports.some(
        (report) =>
          work.isHeld(context.slots, report) &&
          report.outcome.kind === 'retry' &&
          report.outcome.failure.code === 'backend.unreachable',
      ),
    runs: ({ context }, params: { assignmentId: AssignmentId }) =>
      context.slots.some((lease) => lease?.assignmentId === params.assignmentId),
    holdsSlot: ({ context }, { reports }: Settled) =>
      reports.some((report) => work.isHeld(context.slots, report)),
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
    fitSlots: enqueueActions(({ context, enqueue }) => {
      const slots = work.fitSlots(context);
      enqueue.assign(work.staffed(context, slots));
      for (const actorId of work.executionsBeyond(context, slots)) enqueue.stopChild(actorId);
    }),
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
    run: enqueueActions(({ context, event, enqueue, self }) => {
      assertEvent(event, 'worker.run');
      const { workerId } = context.spec;
      let { manned } = context;
      const slots = [...context.slots];
      let slot = -1;
      for (const { taskId, assignmentId, model } of event.leases) {
        slot = slots.indexOf(null, slot + 1);
        if (slot === -1) slot = slots.length;
        const lease = { taskId, assignmentId };
        if (slot === slots.length) {
          // Slots were taken away after the pool had counted them. The task is not to blame.
          const message = `worker ${workerId} was handed more than it has slots for`;
          const outcome: Outcome = { kind: 'released', failure: { code: 'worker.lost', message } };
          enqueue.sendTo(context.pool, work.settled(context, lease, { outcome, draw: 0, elapsedMs: 0 }));
          continue;
        }
        slots[slot] = lease;
        const id = work.actorOfSlot(slot);
        if (slot === manned) {
          manned += 1;
          enqueue.spawnChild('execution', { id, input: { workerId, slot, worker: self } });
        }
        enqueue.sendTo(id, { type: 'execution.run', run: { ...lease, model } });
      }
      enqueue.assign({ slots, manned });
    }),
    stop: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'worker.stop');
      const slot = context.slots.findIndex((lease) => lease?.assignmentId === event.assignmentId);
      enqueue.sendTo(work.actorOfSlot(slot), { type: 'execution.stop' });
    }),
    settle: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'execution.settled');
      const held = event.reports.filter((report) => work.isHeld(context.slots, report));
      const slots = work.freed(
        context,
        held.map(({ slot }) => slot),
      );
      enqueue.assign(work.staffed(context, slots));
      for (const actorId of work.executionsBeyond(context, slots)) enqueue.stopChild(actorId);
      for (const report of held) enqueue.sendTo(context.pool, work.settled(context, report, report));
    }),
    /** The slot gets another execution, if there is still such a slot; what ran in it is reported. */
    settleCrash: enqueueActions(({ context, event, enqueue, self }) => {
      const { actorId } = event as ErrorActorEvent;
      const slot = work.slotOfActor(actorId);
      const lease = context.slots[slot];
      if (lease === undefined) return;
      const slots = work.freed(context, [slot]);
      enqueue.assign(work.staffed(context, slots));
      enqueue.stopChild(actorId);
      for (const beyond of work.executionsBeyond(context, slots)) enqueue.stopChild(beyond);
      if (slot < slots.length) {
        const input = { workerId: context.spec.workerId, slot, worker: self };
        enqueue.spawnChild('execution', { id: actorId, input });
      }
      if (lease === null) return;
      const outcome = retry('execution.crashed', 'the execution crashed; the server log has the stack');
      enqueue.sendTo(context.pool, work.settled(context, lease, { outcome, draw: 0, elapsedMs: 0 }));
    }),
  },
});
