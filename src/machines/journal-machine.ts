import { assign, setup } from 'xstate';
import { limits } from './limits.ts';

type JournalEvent = { readonly type: 'journal.failed' } | { readonly type: 'journal.committed' };

const firstRetryMs = 20;

/** Whether what happens can be written down. While it cannot, nothing is accepted and nothing is told. */
export const journalMachine = setup({
  types: { context: {} as { readonly delayMs: number }, events: {} as JournalEvent },
  delays: { retryMs: ({ context }) => context.delayMs },
  actions: {
    /** Writes what waits, and answers with one of the two events. */
    commitAgain: () => {
      throw new Error('action "commitAgain" is not provided');
    },
    backOff: assign(({ context }) => ({ delayMs: Math.min(context.delayMs * 2, limits.commitRetryMsMax) })),
    forgetDelay: assign({ delayMs: firstRetryMs }),
  },
}).createMachine({
  id: 'journal',
  context: { delayMs: firstRetryMs },
  initial: 'writing',
  states: {
    writing: {
      on: { 'journal.failed': 'stalled' },
    },
    stalled: {
      after: { retryMs: { actions: ['backOff', 'commitAgain'] } },
      on: {
        'journal.failed': { target: 'stalled', reenter: true },
        'journal.committed': { target: 'writing', actions: 'forgetDelay' },
      },
    },
  },
  options: { maxIterations: limits.machineIterationsMax },
});
