import { assign, setup } from 'xstate';
import { limits } from './limits.ts';
import { linkLimits } from './link-limits.ts';

/** Why a pool does not take this worker. */
export interface Refusal {
  /** In the protocol's own word (`name_conflict`), or `http_401`. */
  readonly code: string;
  readonly message: string;
  /** Trying again as one is would bring the same answer. */
  readonly isFinal: boolean;
  /** The pool asked for so much patience; 0 when it did not. */
  readonly retryAfterMs: number;
}

export interface JoinInput {
  /** How long running tasks may take to end when the worker stops; 0 releases them at once. */
  readonly drainGraceMs: number;
}

interface JoinContext extends JoinInput {
  /** Connections in a row that failed, or broke before they had proved themselves. */
  readonly failures: number;
  readonly waitMs: number;
  /** Why the link is not there; `null` while it is. */
  readonly detail: string | null;
  readonly refusal: Refusal | null;
}

type JoinEvent =
  /** The connection stands. */
  | { readonly type: 'link.opened' }
  /** The pool has taken the worker in. */
  | { readonly type: 'link.welcomed' }
  /** It could not be made, or has ended. `draw`: uniform in [0, 1), for the jitter. */
  | { readonly type: 'link.cut'; readonly detail: string; readonly draw: number }
  | { readonly type: 'link.refused'; readonly refusal: Refusal; readonly draw: number }
  /** Stop in order: take nothing more, and let end what runs. */
  | { readonly type: 'join.stop' }
  /** Nothing runs, and the pool knows all results. */
  | { readonly type: 'join.drained' }
  /** Stop at once. */
  | { readonly type: 'join.kill' };

const waitMsBase = 500;
const waitMsMax = 15_000;

/**
 * The time before connection `failures + 1`, in ms: it doubles, and half of it is drawn, so that the workers of a pool
 * that was started anew do not all come in the same moment.
 */
export function reconnectMs(failures: number, draw: number, retryAfterMs = 0): number {
  const ceilingMs = Math.min(waitMsBase * 2 ** Math.min(failures - 1, 10), waitMsMax);
  return Math.round(
    Math.min(Math.max(ceilingMs / 2 + (draw * ceilingMs) / 2, retryAfterMs), limits.timerMsMax),
  );
}

/** The connection of a worker to its pool, seen from the worker: it comes back until it is refused for good or stopped. */
export const joinMachine = setup({
  types: { input: {} as JoinInput, context: {} as JoinContext, events: {} as JoinEvent },
  delays: {
    openingMsMax: linkLimits.helloMsMax,
    greetingMsMax: linkLimits.helloMsMax,
    provenMs: 10_000,
    waitMs: ({ context }) => context.waitMs,
    drainGraceMs: ({ context }) => context.drainGraceMs,
  },
  guards: {
    isFinal: (_, params: { refusal: Refusal }) => params.refusal.isFinal,
  },
  actions: {
    /** Begins a connection, and answers with `link.opened`, `link.refused` or `link.cut`. */
    connect: () => {
      throw new Error('action "connect" is not provided');
    },
    /** Says hello; the pool answers with `link.welcomed` or `link.refused`. */
    greet: () => {
      throw new Error('action "greet" is not provided');
    },
    /** Ends a connection that does not answer; that answers with `link.cut`. */
    hangUp: () => {
      throw new Error('action "hangUp" is not provided');
    },
    /** Tells the pool that this worker takes nothing more. */
    sayGoodbye: () => {
      throw new Error('action "sayGoodbye" is not provided');
    },
    backOff: assign(({ context }, params: { detail: string; draw: number; retryAfterMs: number }) => ({
      failures: context.failures + 1,
      waitMs: reconnectMs(context.failures + 1, params.draw, params.retryAfterMs),
      detail: params.detail,
    })),
    noteRefusal: assign((_, params: { refusal: Refusal }) => ({
      refusal: params.refusal,
      detail: params.refusal.message,
    })),
    noteWelcome: assign({ detail: null }),
    forgetFailures: assign({ failures: 0 }),
  },
}).createMachine({
  id: 'join',
  context: ({ input }) => ({ ...input, failures: 0, waitMs: 0, detail: null, refusal: null }),
  initial: 'active',
  states: {
    active: {
      type: 'parallel',
      on: {
        'join.kill': 'stopped',
        'link.refused': [
          {
            guard: { type: 'isFinal', params: ({ event }) => event },
            target: 'refused',
            actions: { type: 'noteRefusal', params: ({ event }) => event },
          },
          {
            target: '.link.waiting',
            actions: {
              type: 'backOff',
              params: ({ event: { refusal, draw } }) => ({
                detail: refusal.message,
                draw,
                retryAfterMs: refusal.retryAfterMs,
              }),
            },
          },
        ],
      },
      states: {
        link: {
          initial: 'connecting',
          on: {
            'link.cut': {
              target: '.waiting',
              actions: { type: 'backOff', params: ({ event }) => ({ ...event, retryAfterMs: 0 }) },
            },
          },
          states: {
            connecting: {
              entry: 'connect',
              after: { openingMsMax: { actions: 'hangUp' } },
              on: { 'link.opened': 'greeting' },
            },
            greeting: {
              entry: 'greet',
              after: { greetingMsMax: { actions: 'hangUp' } },
              on: { 'link.welcomed': { target: 'joined', actions: 'noteWelcome' } },
            },
            joined: { after: { provenMs: { actions: 'forgetFailures' } } },
            waiting: {
              on: { 'link.cut': {} },
              after: { waitMs: 'connecting' },
            },
          },
        },
        work: {
          initial: 'taking',
          states: {
            taking: { on: { 'join.stop': 'draining' } },
            draining: {
              entry: 'sayGoodbye',
              on: { 'join.drained': '#join.stopped' },
              after: { drainGraceMs: '#join.stopped' },
            },
          },
        },
      },
    },
    refused: { type: 'final' },
    stopped: { type: 'final' },
  },
  options: { maxIterations: limits.machineIterationsMax },
});
