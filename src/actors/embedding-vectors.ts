import { limits } from '../machines/limits.ts';
import type { EmbeddingRequest } from '../machines/model-request.ts';
import { failed, type Outcome, type Usage } from '../machines/outcome.ts';
import { type Asked, cutTrouble, garbageTrouble, ServerTrouble } from './server-errors.ts';
import { decoded, lineBytesMax, parseObject, withCuts } from './server-stream.ts';

/**
 * The object that the body of an answer is, read whole.
 *
 * @throws ServerTrouble when the body breaks off, is longer than `lineBytesMax`, or is something else
 */
export async function objectOf(
  pieces: AsyncIterable<Uint8Array>,
  asked: Asked,
): Promise<Readonly<Record<string, unknown>>> {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const piece of withCuts(pieces, asked)) {
    held.push(piece);
    heldBytes += piece.length;
    if (heldBytes > lineBytesMax) throw new ServerTrouble(tooManyVectors());
  }
  const text = decoded(Buffer.concat(held));
  const body = parseObject(text);
  if (body !== undefined) return body;
  // What was going to be an object, and has no end.
  if (text?.trimStart().startsWith('{') && !text.trimEnd().endsWith('}')) throw cutTrouble(asked);
  throw garbageTrouble(asked, 'answered with what is not a JSON object');
}

/**
 * What vectors mean for a job: a success when there is one for each input, in order, and nothing in them but numbers.
 *
 * @param vectors as the server gave them
 */
export function vectorsOutcome(
  vectors: readonly unknown[],
  { inputs, dimensions }: EmbeddingRequest,
  usage: Usage,
  asked: Asked,
): Outcome {
  if (vectors.length !== inputs.length) {
    const what = `answered with ${vectors.length} vectors for ${inputs.length} inputs`;
    return garbageTrouble(asked, what).outcome;
  }
  if (!vectors.every(isVector)) return garbageTrouble(asked, 'sent a vector that is not one').outcome;
  const lengths = new Set(vectors.map((vector) => vector.length));
  const [length] = lengths;
  if (lengths.size > 1) return garbageTrouble(asked, 'sent vectors of several lengths').outcome;
  if (dimensions !== undefined && length !== dimensions) {
    const what = `${asked.model} at ${asked.address} gives vectors of ${length} numbers, and ${dimensions} were asked for`;
    return failed('output.invalid', `${what}: leave dimensions out, or take another model.`);
  }
  const output = JSON.stringify(vectors);
  return output.length > limits.outputBytesMax ? tooManyVectors() : { kind: 'succeeded', output, usage };
}

/** JSON has no NaN, but 1e999 is read as infinity, and some servers write `null` for either. */
function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => Number.isFinite(each));
}

function tooManyVectors(): Outcome {
  const mib = limits.outputBytesMax / (1_024 * 1_024);
  return failed(
    'execution.too_large',
    `The vectors take more than ${mib} MiB: ask for fewer inputs at a time.`,
  );
}
