import { ReadableStream } from 'node:stream/web';
import { limits } from '../machines/limits.ts';
import {
  type Asked,
  connectTrouble,
  cutTrouble,
  errorLineTrouble,
  garbageTrouble,
  refusalTrouble,
  ServerTrouble,
  tooLarge,
} from './ollama-errors.ts';

/** One line of the stream: twice the largest answer, since some servers send it whole and JSON escapes take room. */
const lineBytesMax = 2 * limits.outputBytesMax;

/** So much of an error's body is read. */
const errorBodyBytesMax = 64 * 1024;

const newline = 0x0a;

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
    const response = await inner(input, { ...init, signal: AbortSignal.any(signals) }).catch((cause) => {
      throw connectTrouble(asked, cause);
    });
    if (!response.ok) {
      const error = await errorText(response);
      const retryAfter = response.headers.get('retry-after');
      throw refusalTrouble(asked, { status: response.status, retryAfter, error });
    }
    const lines = ReadableStream.from(checkedLines(piecesOf(response), asked));
    return new Response(lines, { status: 200 });
  };
}

function piecesOf(response: Response): AsyncIterable<Uint8Array> {
  return response.body ?? ReadableStream.from<Uint8Array>([]);
}

/** Whole lines, each a valid chunk; ends after the one with `done`, and throws a ServerTrouble for everything else. */
async function* checkedLines(pieces: AsyncIterable<Uint8Array>, asked: Asked): AsyncGenerator<Uint8Array> {
  for await (const line of linesOf(pieces, asked)) {
    if (isBlank(line.bytes)) continue;
    const chunk = parseObject(line.bytes);
    if (chunk === undefined && !line.ended) throw cutTrouble(asked);
    if (chunk === undefined) throw garbageTrouble(asked, 'sent a line that is not a JSON object');
    if ('error' in chunk) throw errorLineTrouble(asked, chunk['error']);
    if (!isChunk(chunk)) throw garbageTrouble(asked, 'sent a line that is not part of an answer');
    yield Buffer.concat([line.bytes, Buffer.of(newline)]);
    if (chunk.done) return;
  }
  throw cutTrouble(asked);
}

interface Line {
  readonly bytes: Buffer;
  /** False for a rest after the last newline. */
  readonly ended: boolean;
}

/**
 * Cuts bytes, not text: 0x0a stands for nothing else in UTF-8, so a character that was split over pieces is whole again
 * before anybody decodes it.
 */
async function* linesOf(pieces: AsyncIterable<Uint8Array>, asked: Asked): AsyncGenerator<Line> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const piece of withCuts(pieces, asked)) {
    let start = 0;
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, start)) {
      yield { bytes: Buffer.concat([...held, piece.subarray(start, end)]), ended: true };
      held = [];
      heldBytes = 0;
      start = end + 1;
    }
    held.push(piece.subarray(start));
    heldBytes += piece.length - start;
    if (heldBytes > lineBytesMax) throw new ServerTrouble(tooLarge(asked));
  }
  yield { bytes: Buffer.concat(held), ended: false };
}

/** A body that breaks off with an error of its socket was cut. */
async function* withCuts(pieces: AsyncIterable<Uint8Array>, asked: Asked): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (cause) {
    throw cutTrouble(asked, cause);
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Ollama writes `done` in every chunk, and text wherever there is some (api/types.go, GenerateResponse). */
function isChunk(value: Record<string, unknown>): value is { done: boolean; response?: string } {
  const { done, response } = value;
  return typeof done === 'boolean' && (response === undefined || typeof response === 'string');
}

/** The `error` of a refusal's body; `null` when there is none to be had, since the status alone decides. */
async function errorText(response: Response): Promise<string | null> {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  try {
    for await (const piece of piecesOf(response)) {
      held.push(piece);
      heldBytes += piece.length;
      if (heldBytes > errorBodyBytesMax) return null;
    }
  } catch {
    return null;
  }
  const error = parseObject(Buffer.concat(held))?.['error'];
  if (error === undefined) return null;
  return typeof error === 'string' ? error : JSON.stringify(error);
}
