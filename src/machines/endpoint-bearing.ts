import { limits } from './limits.ts';
import type { FailureCode, Outcome } from './outcome.ts';

/** What an ending says of the server: that it works, that it does not, or neither. */
export type Bearing = 'answer' | 'failure' | 'nothing';

/** The one table from a class of failure to what it says of the server. */
const bearings: Readonly<Record<FailureCode, Bearing>> = {
  'backend.unreachable': 'failure',
  'backend.busy': 'failure',
  // May be the fault of one prompt; several in a row, with no answer between them, are the server's.
  'backend.error': 'failure',
  'backend.cut': 'failure',
  'backend.garbage': 'failure',
  'backend.no_answer': 'failure',
  // Keeps to the protocol from the first byte to the last: it is the model that has nothing to say.
  'backend.empty': 'answer',
  // The server looked for the model, and said so in good order.
  'model.unknown': 'answer',
  // The server's 400, but also its 401, and a file that is missing here: too mixed to go by.
  'input.refused': 'nothing',
  // Decided by what is known of the contexts, before the server is asked.
  'input.too_long': 'nothing',
  // There was text, but slow cannot be told from stuck.
  'execution.timeout': 'nothing',
  // In good order, and not what was asked for: that is the model's doing.
  'output.invalid': 'answer',
  'execution.crashed': 'nothing',
  // It wrote 16 MiB: a server could hardly work more.
  'execution.too_large': 'answer',
  // Somebody stopped looking; whoever watches the worker's life has dealt with it.
  'worker.lost': 'nothing',
  'leases.exhausted': 'nothing',
  'actor.crashed': 'nothing',
};

/** What the ending of an attempt says of the server that it ran on. */
export function bearingOf(outcome: Outcome): Bearing {
  switch (outcome.kind) {
    case 'succeeded':
      return 'answer';
    case 'retry':
    case 'failed':
      return bearings[outcome.failure.code];
    // Ended by us: a lease given back, an execution stopped.
    case 'released':
    case 'cancelled':
      return 'nothing';
  }
}

/** For how long the server asks to be left alone (`Retry-After`), in ms; 0 where it does not. */
export function askedMs(outcome: Outcome): number {
  if (outcome.kind !== 'retry' || outcome.failure.code !== 'backend.busy') return 0;
  return Math.min(outcome.delayMsMin, limits.timerMsMax);
}

/** A failure by which the server names no time; one by which it does is treated alike in every state. */
export function isBareFailure(outcome: Outcome): boolean {
  return bearingOf(outcome) === 'failure' && askedMs(outcome) === 0;
}
