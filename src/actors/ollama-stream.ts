import { ReadableStream } from 'node:stream/web';
import { objectOf } from './embedding-vectors.ts';
import { complaintOf } from './server-complaint.ts';
import { type Asked, cutTrouble, garbageTrouble, generationTrouble } from './server-errors.ts';
import { askServer, decoded, linesOf, parseObject } from './server-stream.ts';

/**
 * Stands between the `ollama` client and the network, and lets through only what the protocol allows. The client itself
 * skips lines that are not JSON with a warning on the console (0.6.4, `parseJSON`), replaces broken UTF-8, loses
 * `Retry-After`, and throws the same plain `Error` for an error line and for a cut stream; all of that is decided here.
 *
 * @throws ServerTrouble from the call, or later out of the body's stream
 */
export function strictFetch(inner: typeof fetch, asked: Asked, signal: AbortSignal): typeof fetch {
  return async (input, init) => {
    const signals = init?.signal ? [signal, init.signal] : [signal];
    const pieces = await askServer(inner, asked, [input, { ...init, signal: AbortSignal.any(signals) }]);
    return new Response(ReadableStream.from(checkedLines(pieces, asked)), { status: 200 });
  };
}

/**
 * The same for an answer that comes at once, as one object.
 *
 * @throws ServerTrouble from the call
 */
export function wholeFetch(inner: typeof fetch, asked: Asked, signal: AbortSignal): typeof fetch {
  return async (input, init) => {
    const body = await objectOf(await askServer(inner, asked, [input, { ...init, signal }]), asked);
    if ('error' in body) throw generationTrouble(asked, complaintOf(body['error']));
    return new Response(JSON.stringify(body), { status: 200 });
  };
}

/** Whole lines, each a valid chunk; ends after the one with `done`, and throws a ServerTrouble for everything else. */
async function* checkedLines(pieces: AsyncIterable<Uint8Array>, asked: Asked): AsyncGenerator<Uint8Array> {
  for await (const line of linesOf(pieces, asked)) {
    if (isBlank(line.bytes)) continue;
    const chunk = parseObject(decoded(line.bytes));
    if (chunk === undefined && !line.ended) throw cutTrouble(asked);
    if (chunk === undefined) throw garbageTrouble(asked, 'sent a line that is not a JSON object');
    if ('error' in chunk) throw generationTrouble(asked, complaintOf(chunk['error']));
    if (!isChunk(chunk)) throw garbageTrouble(asked, 'sent a line that is not part of an answer');
    yield Buffer.concat([line.bytes, Buffer.from('\n')]);
    if (chunk['done'] === true) return;
  }
  throw cutTrouble(asked);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}

/** As far as it is looked at: a piece of `/api/generate` or of `/api/chat`. */
export interface OllamaChunk {
  readonly done: boolean;
  readonly response?: string;
  readonly thinking?: string;
  readonly message?: {
    readonly content?: string;
    readonly thinking?: string;
    readonly tool_calls?: readonly OllamaCall[] | null;
  };
}

interface OllamaCall {
  readonly id?: unknown;
  readonly function: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> };
}

/** Ollama writes `done` in every chunk, and text wherever there is some (api/types.go, GenerateResponse, ChatResponse). */
function isChunk(value: Record<string, unknown>): boolean {
  const { done, response, thinking, message } = value;
  const isSaid = message === undefined || (isObject(message) && isMessage(message));
  return typeof done === 'boolean' && isTextIfAny(response) && isTextIfAny(thinking) && isSaid;
}

function isMessage({ content, thinking, tool_calls: calls }: Record<string, unknown>): boolean {
  const areCalls = calls === undefined || calls === null || (Array.isArray(calls) && calls.every(isCall));
  return isTextIfAny(content) && isTextIfAny(thinking) && areCalls;
}

function isCall(value: unknown): boolean {
  if (!isObject(value) || !isObject(value['function'])) return false;
  const { name, arguments: args } = value['function'];
  return typeof name === 'string' && isObject(args);
}

function isTextIfAny(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
