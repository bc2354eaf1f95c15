import type { ModelReply } from '../../machines/model-request.ts';
import type { TaskView } from '../../runtime/task-view.ts';

/** What all answers tell of a task, in OpenAI's words. */
export interface AnswerHead {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly model: string;
  /** Who answered: the worker. */
  readonly system_fingerprint: string | null;
}

/** @param model that answers, as far as that is known */
export function headOf(
  prefix: 'chatcmpl' | 'cmpl',
  { task_id, created_at, worker_id }: Pick<TaskView, 'task_id' | 'created_at' | 'worker_id'>,
  model: string,
): AnswerHead {
  return {
    id: `${prefix}-${task_id}`,
    created: Math.floor(Date.parse(created_at) / 1_000),
    model,
    system_fingerprint: worker_id,
  };
}

/** The model that answered, as its server names it; `asked` where it does not say. */
export function answeringModel({ result }: TaskView, asked: string): string {
  const model = result?.usage?.['model'];
  return typeof model === 'string' ? model : asked;
}

/** What the backend counted; `undefined` where it did not: a count that nobody made is not told. */
export function usageOf({ result }: TaskView) {
  const { prompt_tokens, output_tokens } = result?.usage ?? {};
  if (typeof prompt_tokens !== 'number' || typeof output_tokens !== 'number') return undefined;
  return {
    prompt_tokens,
    completion_tokens: output_tokens,
    total_tokens: prompt_tokens + output_tokens,
  };
}

/** Why the answer ends there. Servers have more words for it than OpenAI. */
export function finishReasonOf({ result }: TaskView): 'stop' | 'length' | 'tool_calls' | 'content_filter' {
  if (result?.reply?.toolCalls?.length) return 'tool_calls';
  const { done_reason: reason } = result?.usage ?? {};
  return reason === 'length' || reason === 'content_filter' ? reason : 'stop';
}

export function toolCallsOf(reply: ModelReply | undefined) {
  return (reply?.toolCalls ?? []).map(({ id, name, arguments: written }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: written },
  }));
}
