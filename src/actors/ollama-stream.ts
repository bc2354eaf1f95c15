import { ReadableStream } from 'node:stream/web';
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
    if (chunk.done) return;
  }
  throw cutTrouble(asked);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}

/** Ollama writes `done` in every chunk, and text wherever there is some (api/types.go, GenerateResponse). */
function isChunk(value: Record<string, unknown>): value is { done: boolean; response?: string } {
  const { done, response } = value;
  return typeof done === 'boolean' && (response === undefined || typeof response === 'string');
}
