import { assign, emit, sendTo, setup } from 'xstate';
import type { LivingState, RecordedTaskFact } from './facts.ts';
import { limits } from './limits.ts';
import { nextFallback } from './model-choice.ts';
import type { Failure, Outcome } from './outcome.ts';
import type { DispatchReason } from './placement.ts';
import { failureOf, judge, retryDelayMs, type Verdict } from './retry.ts';
import type { TaskCommand, TaskContext, TaskInput, TaskLease, TaskReport } from './task-events.ts';

/** Bumped when a stored row means something else to the chart; rows of older versions are migrated first. */
export const taskMachineVersion = 1;

type Settle = Extract<TaskCommand, { type: 'task.settle' }>;
type Assign = Extract<TaskCommand, { type: 'task.assign' }>;

const outcomeOf = ({ event }: { event: Settle }) => ({ outcome: event.outcome });

/** The lease of a task that has one; asking another is a bug of the chart. */
function leaseOf(context: TaskContext): TaskLease {
  if (context.lease === null) throw new TypeError(`task ${context.taskId} has no lease`);
  return context.lease;
}

function heldBy(context: TaskContext): Omit<TaskLease, 'model'> {
  const { assignmentId, workerId } = leaseOf(context);
  return { assignmentId, workerId };
}

function whyAgain(outcome: Outcome): Failure {
  return 'failure' in outcome
    ? outcome.failure
    : { code: 'worker.lost', message: 'the execution stopped without a verdict' };
}

/** The model that stands in for the one that failed now. */
function nextModel({ fallbackChain, fallbacks, lease }: TaskContext): ReturnType<typeof nextFallback> {
  return lease === null ? undefined : nextFallback(fallbackChain, fallbacks, lease.model);
}

/** One task, from admission to its ending. Prompt and output stay out of it: they live in the row. */
export const taskMachine = setup({
  types: {
    input: {} as TaskInput,
    context: {} as TaskContext,
    events: {} as TaskCommand,
    emitted: {} as RecordedTaskFact,
  },
  delays: {
    waitMs: ({ context }) => Math.min(context.delayMs, limits.timerMsMax),
  },
  guards: {
    leadsTo: ({ context }, params: { verdict: Verdict; outcome: Outcome }) =>
      judge(params.outcome, context, context.retryPolicy, nextModel(context) !== undefined) ===
      params.verdict,
  },
  actions: {
    setDelay: assign((_, params: { delayMs: number }) => ({ delayMs: params.delayMs })),
    takeLease: assign(({ context }, { assignmentId, workerId, reason }: Assign) => ({
      lease: { assignmentId, workerId, model: reason.model },
      leases: context.leases + 1,
    })),
    takeNextModel: assign(({ context }) => ({
      failures: context.failures + 1,
      fallbacks: nextModel(context)?.step ?? context.fallbacks,
      delayMs: 0,
    })),
    countFailure: assign(({ context }, params: { outcome: Outcome; draw: number }) => {
      const failures = context.failures + 1;
      const floorMs = params.outcome.kind === 'retry' ? params.outcome.delayMsMin : 0;
      return { failures, delayMs: retryDelayMs(context.retryPolicy, failures, params.draw, floorMs) };
    }),
    endLease: assign({ lease: null }),
    reportReady: sendTo(
      ({ context }) => context.pool,
      ({ context: { taskId, fallbackChain, fallbacks } }): TaskReport => ({
        type: 'task.ready',
        taskId,
        fallbackModel: fallbackChain[fallbacks - 1] ?? null,
      }),
    ),
    recordAssigned: emit(({ context }, params: { reason: DispatchReason }) => ({
      type: 'task.assigned',
      taskId: context.taskId,
      ...leaseOf(context),
      lease: context.leases,
      reason: params.reason,
    })),
    recordRetried: emit(({ context }, params: { outcome: Outcome }) => ({
      type: 'task.retried',
      taskId: context.taskId,
      ...heldBy(context),
      failure: whyAgain(params.outcome),
      delayMs: context.delayMs,
      failures: context.failures,
      fallbacks: context.fallbacks,
    })),
    recordRefused: emit(({ context }, { failure }: { failure: Failure }) => ({
      type: 'task.failed',
      taskId: context.taskId,
      assignmentId: null,
      workerId: null,
      failure,
    })),
    recordCompleted: emit(({ context }, { outcome, elapsedMs }: Settle) => {
      if (outcome.kind !== 'succeeded') throw new TypeError('only a success completes a task');
      const { output, usage, reply } = outcome;
      return {
        type: 'task.completed',
        taskId: context.taskId,
        ...leaseOf(context),
        output,
        usage,
        elapsedMs,
        ...(reply === undefined ? {} : { reply }),
      };
    }),
    recordFailed: emit(({ context }, params: { outcome: Outcome }) => ({
      type: 'task.failed',
      taskId: context.taskId,
      ...heldBy(context),
      failure: failureOf(params.outcome),
    })),
    recordReprioritized: emit(({ context }, params: { from: LivingState; priority: number }) => ({
      type: 'task.reprioritized',
      taskId: context.taskId,
      ...params,
    })),
    recordCancelled: emit(({ context }, params: { from: LivingState }) => ({
      type: 'task.cancelled',
      taskId: context.taskId,
      from: params.from,
      assignmentId: context.lease?.assignmentId ?? null,
      workerId: context.lease?.workerId ?? null,
    })),
  },
}).createMachine({
  id: 'task',
  context: ({ input }) => ({ ...input, lease: null, delayMs: 0 }),
  initial: 'queued',
  states: {
    queued: {
      on: {
        'task.postpone': {
          target: 'scheduled',
          actions: { type: 'setDelay', params: ({ event }) => ({ delayMs: event.delayMs }) },
        },
        'task.assign': {
          target: 'leased',
          actions: [
            { type: 'takeLease', params: ({ event }) => event },
            { type: 'recordAssigned', params: ({ event }) => ({ reason: event.reason }) },
          ],
        },
        'task.refuse': {
          target: 'failed',
          actions: { type: 'recordRefused', params: ({ event }) => event },
        },
        'task.reprioritize': {
          actions: {
            type: 'recordReprioritized',
            params: ({ event }) => ({ from: 'queued', priority: event.priority }),
          },
        },
        'task.cancel': {
          target: 'cancelled',
          actions: { type: 'recordCancelled', params: { from: 'queued' } },
        },
      },
    },
    scheduled: {
      after: { waitMs: { target: 'queued', actions: 'reportReady' } },
      on: {
        'task.reprioritize': {
          actions: {
            type: 'recordReprioritized',
            params: ({ event }) => ({ from: 'scheduled', priority: event.priority }),
          },
        },
        'task.cancel': {
          target: 'cancelled',
          actions: { type: 'recordCancelled', params: { from: 'scheduled' } },
        },
      },
    },
    leased: {
      initial: 'assigned',
      states: {
        assigned: { on: { 'task.start': 'running' } },
        running: {},
      },
      on: {
        'task.settle': [
          {
            guard: {
              type: 'leadsTo',
              params: ({ event }) => ({ verdict: 'completed', outcome: event.outcome }),
            },
            target: 'completed',
            actions: { type: 'recordCompleted', params: ({ event }) => event },
          },
          {
            guard: {
              type: 'leadsTo',
              params: ({ event }) => ({ verdict: 'backingOff', outcome: event.outcome }),
            },
            target: 'backingOff',
            actions: [
              { type: 'countFailure', params: ({ event }) => event },
              { type: 'recordRetried', params: outcomeOf },
              'endLease',
            ],
          },
          {
            guard: {
              type: 'leadsTo',
              params: ({ event }) => ({ verdict: 'fallingBack', outcome: event.outcome }),
            },
            target: 'queued',
            actions: [
              'takeNextModel',
              { type: 'recordRetried', params: outcomeOf },
              'endLease',
              'reportReady',
            ],
          },
          {
            guard: {
              type: 'leadsTo',
              params: ({ event }) => ({ verdict: 'queued', outcome: event.outcome }),
            },
            target: 'queued',
            actions: [
              { type: 'setDelay', params: { delayMs: 0 } },
              { type: 'recordRetried', params: outcomeOf },
              'endLease',
              'reportReady',
            ],
          },
          { target: 'failed', actions: { type: 'recordFailed', params: outcomeOf } },
        ],
        'task.reprioritize': {
          actions: {
            type: 'recordReprioritized',
            params: ({ event }) => ({ from: 'running', priority: event.priority }),
          },
        },
        'task.cancel': {
          target: 'cancelled',
          actions: { type: 'recordCancelled', params: { from: 'running' } },
        },
      },
    },
    backingOff: {
      after: { waitMs: { target: 'queued', actions: 'reportReady' } },
      on: {
        'task.reprioritize': {
          actions: {
            type: 'recordReprioritized',
            params: ({ event }) => ({ from: 'backingOff', priority: event.priority }),
          },
        },
        'task.cancel': {
          target: 'cancelled',
          actions: { type: 'recordCancelled', params: { from: 'backingOff' } },
        },
      },
    },
    completed: { type: 'final' },
    failed: { type: 'final' },
    cancelled: { type: 'final' },
  },
  options: { maxIterations: limits.machineIterationsMax },
});
