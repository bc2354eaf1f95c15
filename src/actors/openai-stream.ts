import { complaintIn, complaintOf } from './server-complaint.ts';
import {
  type Asked,
  cutTrouble,
  garbageTrouble,
  generationTrouble,
  ServerTrouble,
  tooLarge,
} from './server-errors.ts';
import { decoded, type Line, lineBytesMax, linesOf, parseObject } from './server-stream.ts';

/** One piece of an answer, as far as it is looked at. Servers add fields of their own. */
export interface CompletionChunk {
  readonly model?: unknown;
  /** One at most, since one answer is asked for; none in the chunk that counts. */
  readonly choices: readonly CompletionChoice[];
  readonly usage?: unknown;
  /** llama.cpp alone. */
  readonly timings?: unknown;
}

export interface CompletionChoice {
  readonly delta?: CompletionDelta | null;
  /** Of `/completions`, which has no deltas. */
  readonly text?: string | null;
  readonly finish_reason?: string | null;
}

export interface CompletionDelta {
  readonly content?: string | null;
  /** The model's thoughts: under this name at DeepSeek, llama.cpp and LM Studio, and at vLLM until 2025. */
  readonly reasoning_content?: unknown;
  /** The same at vLLM since (vllm-project/vllm#27752), and at OpenRouter. */
  readonly reasoning?: unknown;
  readonly tool_calls?: readonly CallDelta[] | null;
}

/** A piece of a call of a function. */
interface CallDelta {
  /** Which call of the answer it belongs to; some servers leave it out. */
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: string | null } | null;
}

/** What ends the stream. A server that leaves it out must have given a `finish_reason`. */
const lastData = '[DONE]';

/**
 * The chunks of a streamed answer. Ends after `[DONE]`, or in order after a chunk with a `finish_reason`: servers that
 * forget the one still send the other.
 *
 * @throws ServerTrouble for everything else: a cut, an error in mid-stream, whatever is no part of an answer
 */
export async function* completionChunks(
  pieces: AsyncIterable<Uint8Array>,
  asked: Asked,
): AsyncGenerator<CompletionChunk, void, undefined> {
  let isFinished = false;
  for await (const { type, data, isWhole } of eventsOf(pieces, asked)) {
    if (data === lastData) return;
    if (data.trim() === '') continue; // Some servers keep the connection alive with these.
    const chunk = parseObject(data);
    if (type === 'error') throw generationTrouble(asked, chunk ? complaintIn(chunk) : complaintOf(data));
    if (chunk === undefined && !isWhole) throw cutTrouble(asked);
    if (chunk === undefined) throw garbageTrouble(asked, 'sent an event that is not a JSON object');
    if (hasError(chunk)) throw generationTrouble(asked, complaintIn(chunk));
    if (!isChunk(chunk)) throw garbageTrouble(asked, 'sent an event that is not part of an answer');
    yield chunk;
    isFinished ||= typeof chunk.choices[0]?.finish_reason === 'string';
  }
  if (!isFinished) throw cutTrouble(asked);
}

interface ServerSentEvent {
  /** Empty when the server gave none. */
  readonly type: string;
  readonly data: string;
  /** False for what was left when the stream ended before the blank line. */
  readonly isWhole: boolean;
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), read more strictly than browsers
 * do: a line that is none of the protocol is garbage, where they would ignore it. A lone CR does not end a line here; no
 * server writes that.
 */
async function* eventsOf(pieces: AsyncIterable<Uint8Array>, asked: Asked): AsyncGenerator<ServerSentEvent> {
  let type = '';
  let data: string[] = [];
  let dataChars = 0;
  for await (const line of linesOf(pieces, asked)) {
    const { name, value } = fieldOf(line, asked);
    if (name === 'data') {
      data.push(value);
      dataChars += value.length;
      if (dataChars > lineBytesMax) throw new ServerTrouble(tooLarge(asked));
    }
    if (name === 'event') type = value;
    if (name === 'error') yield { type: 'error', data: value, isWhole: line.ended };
    if (name !== 'end' && line.ended) continue;
    if (data.length > 0) yield { type, data: data.join('\n'), isWhole: name === 'end' && line.ended };
    type = '';
    data = [];
    dataChars = 0;
  }
}

interface Field {
  /** `end` is the blank line; `other` means nothing to us: comments, `id`, `retry`. */
  readonly name: 'data' | 'event' | 'error' | 'end' | 'other';
  readonly value: string;
}

function fieldOf(line: Line, asked: Asked): Field {
  const text = decoded(line.bytes)?.replace(/\r$/, '');
  if (text === '') return { name: 'end', value: '' };
  if (text !== undefined) {
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (name === 'data' || name === 'event') return { name, value };
    if (name === '' || name === 'id' || name === 'retry') return { name: 'other', value };
    // llama.cpp until September 2025 made up a field of its own for errors (ggml-org/llama.cpp#16109),
    if (name === 'error') return { name, value };
    // and under status 200 sent the error alone, without any event (ggml-org/llama.cpp#16486).
    const body = parseObject(text);
    if (body !== undefined && hasError(body)) return { name: 'error', value: text };
  }
  throw line.ended
    ? garbageTrouble(asked, 'sent a line that is not part of an event stream')
    : cutTrouble(asked);
}

/** Some servers write `"error": null` into every chunk. */
function hasError(chunk: Record<string, unknown>): boolean {
  return chunk['error'] !== undefined && chunk['error'] !== null;
}

function isChunk(value: object): value is CompletionChunk {
  return 'choices' in value && Array.isArray(value.choices) && value.choices.every(isChoice);
}

function isChoice(value: unknown): value is CompletionChoice {
  if (typeof value !== 'object' || value === null) return false;
  const { delta, text, finish_reason: finishReason } = value as Record<string, unknown>;
  return isTextOrNothing(finishReason) && isTextOrNothing(text) && (isNothing(delta) || isDelta(delta));
}

function isDelta(value: unknown): value is CompletionDelta {
  if (typeof value !== 'object' || value === null) return false;
  const { content, tool_calls: calls } = value as Record<string, unknown>;
  return isTextOrNothing(content) && (isNothing(calls) || (Array.isArray(calls) && calls.every(isCallDelta)));
}

function isCallDelta(value: unknown): value is CallDelta {
  if (typeof value !== 'object' || value === null) return false;
  const { index, id, function: called } = value as Record<string, unknown>;
  const isPlaced = (isNothing(index) || Number.isSafeInteger(index)) && isTextOrNothing(id);
  return isPlaced && (isNothing(called) || isCalled(called));
}

function isCalled(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, arguments: args } = value as Record<string, unknown>;
  return isTextOrNothing(name) && isTextOrNothing(args);
}

function isTextOrNothing(value: unknown): boolean {
  return isNothing(value) || typeof value === 'string';
}

function isNothing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
