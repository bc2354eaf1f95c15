import type { TaskView } from '../../runtime/task-view.ts';
import { finishReasonOf, toolCallsOf } from './answer-parts.ts';
import type { AnswerShape } from './text-answer.ts';

/** How `/v1/chat/completions` writes its answers down. */
export const chatShape: AnswerShape = {
  prefix: 'chatcmpl',
  object: 'chat.completion',
  objectOfChunks: 'chat.completion.chunk',
  whole: (task) => ({
    index: 0,
    message: messageOf(task),
    logprobs: null,
    finish_reason: finishReasonOf(task),
  }),
  opening: () => [choiceOf({ role: 'assistant', content: '', refusal: null })],
  text: (content) => choiceOf({ content }),
  ending: (task) => [
    ...besideText(task).map((delta) => choiceOf(delta)),
    { ...choiceOf({}), finish_reason: finishReasonOf(task) },
  ],
};

function choiceOf(delta: object) {
  return { index: 0, delta, logprobs: null, finish_reason: null };
}

function messageOf({ result }: TaskView) {
  const { output = '', reply } = result ?? {};
  const toolCalls = toolCallsOf(reply);
  return {
    role: 'assistant',
    content: output === '' && toolCalls.length > 0 ? null : output,
    refusal: null,
    ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
    ...thoughtsOf(reply?.thinking),
  };
}

/** What the model answered beside its text; it is known in the end. */
function besideText({ result }: TaskView): object[] {
  const thoughts = thoughtsOf(result?.reply?.thinking);
  const toolCalls = toolCallsOf(result?.reply);
  return [
    ...('reasoning_content' in thoughts ? [thoughts] : []),
    ...(toolCalls.length > 0 ? [{ tool_calls: toolCalls.map((call, index) => ({ index, ...call })) }] : []),
  ];
}

/** OpenAI tells no thoughts; under this name servers of models do. */
function thoughtsOf(thinking: string | undefined): { reasoning_content?: string } {
  return thinking ? { reasoning_content: thinking } : {};
}
