import type { ModelReply, ToolCall } from '../../machines/model-request.ts';
import type { TaskView } from '../../runtime/task-view.ts';

/** How the two ways to ask for text are answered: `message` for a conversation, `response` for a prompt. */
type AnswerShape = 'chat' | 'generate';

/** What stands in every object of one answer. */
export interface AnswerHead {
  readonly shape: AnswerShape;
  /** As the client named it. */
  readonly model: string;
}

/** A piece of the text. An empty one says that the answer is still to come. */
export function textChunk(head: AnswerHead, text: string, nowMs: number): object {
  return { ...begun(head, nowMs), ...said(head.shape, text, {}), done: false };
}

/** What the model answered beside its text, before the last chunk; `null` where that is nothing. */
export function replyChunk(head: AnswerHead, reply: ModelReply | undefined, nowMs: number): object | null {
  if (!reply?.thinking && !reply?.toolCalls?.length) return null;
  return { ...begun(head, nowMs), ...said(head.shape, '', reply), done: false };
}

/**
 * The last chunk of a stream, or the one object that is answered without one.
 *
 * @param text what the stream has not told: all of it without one
 */
export function lastChunk(
  head: AnswerHead,
  task: TaskView,
  nowMs: number,
  { text, reply = {} }: { readonly text: string; readonly reply?: ModelReply | undefined },
): object {
  return {
    ...begun(head, nowMs),
    ...said(head.shape, text, reply),
    done: true,
    done_reason: doneReason(task),
    ...statisticsOf(task),
    koubou: originOf(task),
  };
}

/** Of a request that asks for nothing but that a model be loaded, or unloaded. */
export function loadAnswer(head: AnswerHead, keepAlive: unknown, nowMs: number): object {
  const isUnload =
    keepAlive !== null && keepAlive !== undefined && Number.parseFloat(String(keepAlive)) === 0;
  return {
    ...begun(head, nowMs),
    ...said(head.shape, '', {}),
    done: true,
    done_reason: isUnload ? 'unload' : 'load',
  };
}

/** Counts and durations as the backend told them, durations in ns; what it did not tell is left out. */
export function statisticsOf({ result }: TaskView): object {
  const { total_ms, load_ms, prompt_tokens, prompt_ms, output_tokens, generate_ms } = result?.usage ?? {};
  return known({
    total_duration: nanoseconds(total_ms),
    load_duration: nanoseconds(load_ms),
    prompt_eval_count: prompt_tokens,
    prompt_eval_duration: nanoseconds(prompt_ms),
    eval_count: output_tokens,
    eval_duration: nanoseconds(generate_ms),
  });
}

/** Under which name the work is on record, and who did it. */
export function originOf({ task_id, worker_id, result, attempts }: TaskView): object {
  return known({ task_id, worker_id, model: result?.usage?.['model'], attempts });
}

function begun({ model }: AnswerHead, nowMs: number): object {
  return { model, created_at: new Date(nowMs).toISOString() };
}

function said(shape: AnswerShape, text: string, { thinking, toolCalls }: ModelReply): object {
  const thought = thinking ? { thinking } : {};
  const called = toolCalls?.length ? { tool_calls: toolCalls.map(callOnWire) } : {};
  if (shape === 'generate') return { response: text, ...thought };
  return { message: { role: 'assistant', content: text, ...thought, ...called } };
}

function callOnWire({ id, name, arguments: text }: ToolCall, index: number): object {
  return { id, function: { index, name, arguments: argumentsOf(text) } };
}

/** The first call whose arguments are no JSON object: sent as an empty one it would be another call than the model made. */
export function unreadableCall({ toolCalls = [] }: ModelReply): ToolCall | undefined {
  return toolCalls.find((call) => argumentsOf(call.arguments) === null);
}

function argumentsOf(text: string): object | null {
  try {
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** Ollama stops for one of two reasons; that a model called tools is no third one. */
function doneReason({ result }: TaskView): string {
  return result?.usage?.['done_reason'] === 'length' ? 'length' : 'stop';
}

function nanoseconds(ms: unknown): number | null {
  return typeof ms === 'number' ? Math.round(ms * 1_000_000) : null;
}

function known(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}
