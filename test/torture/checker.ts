import { endingViolations } from './check-endings.ts';
import { executionViolations } from './check-executions.ts';
import { orderViolations } from './check-order.ts';
import { promiseViolations } from './check-promises.ts';
import { toldViolations } from './check-told.ts';
import type { History } from './history.ts';

/** What can be wrong with a history, each with the sentence that it breaks. */
export const verdicts = {
  lost: 'A task that was acknowledged exists, as it was asked for.',
  doubled: 'One request is one task with one ending, and it is not executed again without a reason.',
  resurrected: 'An ending that somebody was told stands for ever.',
  'wrong result': 'A task is completed with a whole answer to its own prompt.',
  'failed for nothing': 'A task fails only where something was done to it.',
  'out of order': 'A task goes before those of its kind that are younger, or of a lower priority.',
  stuck: 'Once the faults have stopped, every task ends.',
  'sync differs': 'What a sync request was answered is what the task says.',
  'told too early': 'Nobody is told what is not on disk.',
  'told with a gap': 'A watcher that comes back is told everything once, in order.',
  'bad refusal': 'A refusal says that it is one: no door breaks.',
  damaged: 'The record is whole, and agrees with itself.',
} as const;
export type Verdict = keyof typeof verdicts;

export interface Violation {
  readonly verdict: Verdict;
  readonly what: string;
}

/** Judges a history; an empty list is a pass. */
export function violationsOf(history: History): readonly Violation[] {
  return [
    ...history.record.damage.map((what): Violation => ({ verdict: 'damaged', what })),
    ...promiseViolations(history),
    ...endingViolations(history),
    ...executionViolations(history),
    ...orderViolations(history).violations,
    ...toldViolations(history),
  ];
}
