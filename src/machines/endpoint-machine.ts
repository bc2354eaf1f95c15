import { type ActorRef, assign, type Snapshot, sendTo, setup } from 'xstate';
import { askedMs, bearingOf, isBareFailure } from './endpoint-bearing.ts';
import type { AssignmentId } from './identifiers.ts';
import { limits } from './limits.ts';
import type { Failure, FailureCode, Outcome } from './outcome.ts';
import { retryDelayMs } from './retry.ts';
import type { BreakerPolicy } from './routing-policy.ts';
import type { Breaker } from './worker-state.ts';

/** How many failures of each class. */
export type FailureCounts = Readonly<Partial<Record<FailureCode, number>>>;

export interface EndpointInput {
  /** Origin of the server, for messages: `http://localhost:11434`. Workers that name the same one share it. */
  readonly endpoint: string;
  readonly policy: BreakerPolicy;
  readonly pool: ActorRef<Snapshot<unknown>, EndpointReport>;
}

export interface EndpointContext extends EndpointInput {
  readonly failuresInRow: number;
  /** Since it was last closed; answers in between do not take from them. */
  readonly failuresByCode: FailureCounts;
  /** Trials that failed since it was last closed: the exponent of the wait. */
  readonly trialsFailed: number;
  /** The lease that is, or was last, the trial of this half-open time. */
  readonly trial: AssignmentId | null;
  /** The whole of the wait that is under way, in ms; 0 while there is none. */
  readonly waitMs: number;
}

export type EndpointCommand =
  /** An attempt there has ended, however that was: each one is told, the trial above all. */
  | {
      readonly type: 'endpoint.settled';
      readonly assignmentId: AssignmentId;
      readonly outcome: Outcome;
      /** Uniform in [0, 1), for the jitter of a wait. */
      readonly draw: number;
    }
  /** A task was handed out while it was half open: this lease is the trial. */
  | { readonly type: 'endpoint.trial'; readonly assignmentId: AssignmentId }
  /** The configuration has changed; a wait that has begun keeps its length. */
  | { readonly type: 'endpoint.configure'; readonly policy: BreakerPolicy }
  /** An operator knows better: call it again. */
  | { readonly type: 'endpoint.reset' };

/** What an endpoint tells its pool, at each change. It begins closed, and does not say so. */
export interface EndpointReport {
  readonly type: 'endpoint.noticed';
  readonly endpoint: string;
  readonly breaker: Breaker;
  /** One sentence for people: what led here and, where it is open, when it is tried again. */
  readonly detail: string;
  /** How long it stays open from now on, in ms; 0 unless it is open. */
  readonly openMs: number;
  /** Since it was last closed; at a closing, those of the time that ends. */
  readonly failuresByCode: FailureCounts;
}

type Settled = Extract<EndpointCommand, { type: 'endpoint.settled' }>;

/** The failure of an ending that is one. */
function failureIn({ outcome }: Settled): Failure {
  if ('failure' in outcome) return outcome.failure;
  throw new TypeError(`an attempt with the outcome ${outcome.kind} is no failure of its endpoint`);
}

type Ending = { readonly context: EndpointContext; readonly event: Settled };
type News = { readonly breaker: Breaker; readonly detail: string };

const settledOf = ({ event }: Ending) => event;
const answered = (): News => ({ breaker: 'closed', detail: 'it answered' });

function failedInRow({ context, event }: Ending): News {
  const { failuresInRow } = context;
  return opened(
    context,
    event,
    failuresInRow === 1 ? 'a failure' : `${failuresInRow} failures in a row, the last one`,
  );
}

function failedTrial({ context, event }: Ending): News {
  return opened(context, event, 'the trial failed');
}

function sentAway({ context, event }: Ending): News {
  return opened(context, event, 'it asked to be left alone');
}

function opened({ waitMs }: EndpointContext, event: Settled, why: string): News {
  const said = failureIn(event).message.replace(/\.$/, '');
  return { breaker: 'open', detail: `${why}: ${said}; tried again in ${Math.ceil(waitMs / 1_000)} s` };
}

/**
 * The circuit breaker of one server. Many failures in a row open it: the server is left alone, and tasks go elsewhere or
 * wait. Then one task tries; its ending decides. See `docs/adr/0008-a-breaker-for-each-endpoint.md`.
 */
export const endpointMachine = setup({
  types: { input: {} as EndpointInput, context: {} as EndpointContext, events: {} as EndpointCommand },
  delays: {
    waitMs: ({ context }) => context.waitMs,
    trialMs: ({ context }) => Math.min(context.policy.openMsMax, limits.timerMsMax),
  },
  guards: {
    isAnswer: (_, { outcome }: Settled) => bearingOf(outcome) === 'answer',
    isFailure: (_, { outcome }: Settled) => bearingOf(outcome) === 'failure',
    /** What is left of a wait cannot be read from a chart, so it is compared whole. Where there is none, it is 0. */
    asksForLonger: ({ context }, { outcome }: Settled) => askedMs(outcome) > context.waitMs,
    isOneTooMany: ({ context }, { outcome }: Settled) =>
      isBareFailure(outcome) && context.failuresInRow + 1 >= context.policy.failuresMax,
    isFailedTrial: ({ context }, { assignmentId, outcome }: Settled) =>
      context.trial === assignmentId && isBareFailure(outcome),
    isSilentTrial: ({ context }, { assignmentId, outcome }: Settled) =>
      context.trial === assignmentId && bearingOf(outcome) === 'nothing',
  },
  actions: {
    configure: assign((_, { policy }: { policy: BreakerPolicy }) => ({ policy })),
    countFailure: assign(({ context }, settled: Settled) => {
      const { code } = failureIn(settled);
      const count = (context.failuresByCode[code] ?? 0) + 1;
      return {
        failuresInRow: context.failuresInRow + 1,
        failuresByCode: { ...context.failuresByCode, [code]: count },
      };
    }),
    countTrial: assign(({ context }) => ({ trialsFailed: context.trialsFailed + 1 })),
    endRow: assign({ failuresInRow: 0 }),
    forgetFailures: assign({ failuresInRow: 0, failuresByCode: {}, trialsFailed: 0, trial: null }),
    takeTrial: assign((_, params: { assignmentId: AssignmentId }) => ({ trial: params.assignmentId })),
    setWait: assign(({ context: { policy, trialsFailed } }, { draw }: Settled) => {
      const { openMs: delayMsBase, openMsMax: delayMsMax } = policy;
      // A server is never given up, hence no limit to the retries.
      const curve = { delayMsBase, delayMsMax, retriesMax: Number.POSITIVE_INFINITY };
      return { waitMs: retryDelayMs(curve, trialsFailed + 1, draw, 0) };
    }),
    /** The server's own word stands in place of the curve, which stays where it is. */
    setAskedWait: assign((_, { outcome }: Settled) => ({ waitMs: askedMs(outcome) })),
    endWait: assign({ waitMs: 0 }),
    report: sendTo(
      ({ context }) => context.pool,
      ({ context }, { breaker, detail }: News): EndpointReport => ({
        type: 'endpoint.noticed',
        endpoint: context.endpoint,
        breaker,
        detail,
        openMs: context.waitMs,
        failuresByCode: context.failuresByCode,
      }),
    ),
  },
}).createMachine({
  id: 'endpoint',
  context: ({ input }) => ({
    ...input,
    failuresInRow: 0,
    failuresByCode: {},
    trialsFailed: 0,
    trial: null,
    waitMs: 0,
  }),
  on: {
    'endpoint.settled': [
      {
        guard: { type: 'asksForLonger', params: settledOf },
        target: '.open.sentAway',
        actions: [
          { type: 'countFailure', params: settledOf },
          { type: 'setAskedWait', params: settledOf },
          { type: 'report', params: sentAway },
        ],
      },
      {
        guard: { type: 'isFailure', params: settledOf },
        actions: { type: 'countFailure', params: settledOf },
      },
    ],
    'endpoint.configure': { actions: { type: 'configure', params: ({ event }) => event } },
    'endpoint.reset': {
      target: '.closed',
      actions: [
        { type: 'report', params: { breaker: 'closed', detail: 'an operator closed it' } },
        'forgetFailures',
      ],
    },
  },
  initial: 'closed',
  states: {
    closed: {
      on: {
        'endpoint.settled': [
          {
            guard: { type: 'isOneTooMany', params: settledOf },
            target: 'open',
            actions: [
              { type: 'countFailure', params: settledOf },
              { type: 'setWait', params: settledOf },
              { type: 'report', params: failedInRow },
            ],
          },
          { guard: { type: 'isAnswer', params: settledOf }, actions: 'endRow' },
        ],
        'endpoint.reset': { actions: 'forgetFailures' },
      },
    },
    open: {
      exit: 'endWait',
      after: { waitMs: 'halfOpen' },
      initial: 'resting',
      states: {
        // We decided. An attempt that was still under way and is answered is a better sign than any trial.
        resting: {
          on: {
            'endpoint.settled': {
              guard: { type: 'isAnswer', params: settledOf },
              target: '#endpoint.closed',
              actions: [{ type: 'report', params: answered }, 'forgetFailures'],
            },
          },
        },
        // The server decided: that it finishes what it has does not mean that it takes more.
        sentAway: {},
      },
    },
    halfOpen: {
      on: {
        'endpoint.settled': [
          {
            guard: { type: 'isFailedTrial', params: settledOf },
            target: 'open',
            actions: [
              { type: 'countFailure', params: settledOf },
              'countTrial',
              { type: 'setWait', params: settledOf },
              { type: 'report', params: failedTrial },
            ],
          },
          {
            guard: { type: 'isAnswer', params: settledOf },
            target: 'closed',
            actions: [{ type: 'report', params: answered }, 'forgetFailures'],
          },
        ],
      },
      initial: 'ready',
      states: {
        ready: {
          entry: { type: 'report', params: { breaker: 'halfOpen', detail: 'the next task is its trial' } },
          on: {
            'endpoint.trial': {
              target: 'trying',
              actions: { type: 'takeTrial', params: ({ event }) => event },
            },
          },
        },
        trying: {
          entry: {
            type: 'report',
            params: { breaker: 'trying', detail: 'a task is under way as its trial' },
          },
          // A trial that takes long, or whose ending was never told, does not keep the others out for ever.
          after: { trialMs: 'ready' },
          on: {
            'endpoint.settled': {
              guard: { type: 'isSilentTrial', params: settledOf },
              target: 'ready',
            },
          },
        },
      },
    },
  },
  options: { maxIterations: limits.machineIterationsMax },
});
