import { finishReasonOf } from './answer-parts.ts';
import type { AnswerShape } from './text-answer.ts';

/**
 * How `/v1/completions` writes its answers down.
 *
 * @param echoed what stands before the answer: the prompt, if that was asked for
 */
export function completionShape(echoed: string): AnswerShape {
  const piece = (text: string) => ({ text, index: 0, logprobs: null, finish_reason: null });
  return {
    prefix: 'cmpl',
    object: 'text_completion',
    objectOfChunks: 'text_completion',
    whole: (task) => ({
      text: `${echoed}${task.result?.output ?? ''}`,
      index: 0,
      logprobs: null,
      finish_reason: finishReasonOf(task),
    }),
    opening: () => (echoed === '' ? [] : [piece(echoed)]),
    text: piece,
    ending: (task) => [{ ...piece(''), finish_reason: finishReasonOf(task) }],
  };
}
