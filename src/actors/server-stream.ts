import { ReadableStream } from 'node:stream/web';
import { limits } from '../machines/limits.ts';
import { type Complaint, complaintIn } from './server-complaint.ts';
import {
  type Asked,
  connectTrouble,
  cutTrouble,
  refusalTrouble,
  ServerTrouble,
  tooLarge,
} from './server-errors.ts';

/** One line of the stream: twice the largest answer, since some servers send it whole and JSON escapes take room. */
export const lineBytesMax = 2 * limits.outputBytesMax;

/** So much of an error's body is read. */
const errorBodyBytesMax = 64 * 1024;

const newline = 0x0a;

/** What `fetch` is called with. */
type Question = Parameters<typeof fetch>;

/**
 * Asks, and gives back the body of a good answer.
 *
 * @throws ServerTrouble when there is no answer, or another than 2xx
 */
export async function askServer(
  inner: typeof fetch,
  asked: Asked,
  [input, init]: Question,
): Promise<AsyncIterable<Uint8Array>> {
  const response = await inner(input, init).catch((cause: unknown) => {
    throw connectTrouble(asked, cause);
  });
  if (response.ok) return piecesOf(response);
  const complaint = await complaintFrom(response);
  const retryAfter = response.headers.get('retry-after');
  throw refusalTrouble(asked, { status: response.status, retryAfter, complaint });
}

export interface Line {
  /** Without its newline. */
  readonly bytes: Buffer;
  /** False for a rest after the last newline. */
  readonly ended: boolean;
}

/**
 * Cuts bytes, not text: 0x0a stands for nothing else in UTF-8, so a character that was split over pieces is whole again
 * before anybody decodes it.
 *
 * @throws ServerTrouble when the body breaks off with an error of its socket, or a line is longer than `lineBytesMax`
 */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  asked: Asked,
): AsyncGenerator<Line, void, undefined> {
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

/** The text of whole UTF-8; `undefined` when it is something else. */
export function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** An object out of JSON; `undefined` for everything else. */
export function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of a body, or `null` when it is longer than that or breaks off; what is beyond the bound is not read. */
export async function bodyWithin(response: Response, bytesMax: number): Promise<Buffer | null> {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  try {
    for await (const piece of piecesOf(response)) {
      held.push(piece);
      heldBytes += piece.length;
      if (heldBytes > bytesMax) return null;
    }
  } catch {
    return null;
  }
  return Buffer.concat(held);
}

/** What a refusal's body says; `null` when there is nothing to be had, since the status alone decides. */
async function complaintFrom(response: Response): Promise<Complaint | null> {
  const body = await bodyWithin(response, errorBodyBytesMax);
  const fields = body === null ? undefined : parseObject(decoded(body));
  return fields === undefined ? null : complaintIn(fields);
}

function piecesOf(response: Response): AsyncIterable<Uint8Array> {
  return response.body ?? ReadableStream.from<Uint8Array>([]);
}

/** A body that breaks off with an error of its socket was cut. */
export async function* withCuts(pieces: AsyncIterable<Uint8Array>, asked: Asked): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (cause) {
    throw cutTrouble(asked, cause);
  }
}
