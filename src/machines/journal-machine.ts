import { assign, setup } from 'xstate';
import type { KoubouError } from './errors.ts';
import { limits } from './limits.ts';

export interface CommitFailed {
  readonly type: 'journal.failed';
  /** On the monotonic clock, in ms. */
  readonly atMs: number;
  /** Why new tasks are refused from now on; `null` when it may pass, as with a busy database. */
  readonly refusal: KoubouError | null;
}
type JournalEvent = CommitFailed | { readonly type: 'journal.committed' };

interface JournalContext {
  /** Until the next try, in ms. */
  readonly delayMs: number;
  /** When the disk began to fail; `null` while it works. */
  readonly failingSinceMs: number | null;
  readonly refusal: KoubouError | null;
}

const firstRetryMs = 20;

/** Whether what happens can be written down. While it cannot, nothing is accepted and nothing is told. */
export const journalMachine = setup({
  types: { context: {} as JournalContext, events: {} as JournalEvent },
  delays: { retryMs: ({ context }) => context.delayMs },
  actions: {
    /** Writes what waits, and answers with one of the two events. */
    commitAgain: () => {
      throw new Error('action "commitAgain" is not provided');
    },
    backOff: assign(({ context }) => ({ delayMs: Math.min(context.delayMs * 2, limits.commitRetryMsMax) })),
    noteFailure: assign(({ context }, { atMs, refusal }: CommitFailed) => ({
      failingSinceMs: context.failingSinceMs ?? atMs,
      refusal: refusal ?? context.refusal,
    })),
    forgetFailures: assign({ delayMs: firstRetryMs, failingSinceMs: null, refusal: null }),
  },
}).createMachine({
  id: 'journal',
  context: { delayMs: firstRetryMs, failingSinceMs: null, refusal: null },
  initial: 'writing',
  states: {
    writing: {
      on: {
        'journal.failed': {
          target: 'stalled',
          actions: { type: 'noteFailure', params: ({ event }) => event },
        },
      },
    },
    stalled: {
      after: { retryMs: { actions: ['backOff', 'commitAgain'] } },
      on: {
        'journal.failed': {
          target: 'stalled',
          reenter: true,
          actions: { type: 'noteFailure', params: ({ event }) => event },
        },
        'journal.committed': { target: 'writing', actions: 'forgetFailures' },
      },
    },
  },
  options: { maxIterations: limits.machineIterationsMax },
});
