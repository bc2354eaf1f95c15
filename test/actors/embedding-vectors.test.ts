import { expect, test } from 'vitest';
import { objectOf, vectorsOutcome } from '../../src/actors/embedding-vectors.ts';
import { ollamaServer } from '../../src/actors/ollama-errors.ts';
import { type Asked, ServerTrouble } from '../../src/actors/server-errors.ts';
import { lineBytesMax } from '../../src/actors/server-stream.ts';
import { limits } from '../../src/machines/limits.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';

const asked: Asked = {
  server: ollamaServer('/api/embed'),
  address: 'gpu-1:11434',
  model: 'tiny',
  prompt: 'a',
  secret: null,
};

/** What a body of these pieces is, or what its reading ends with. */
async function read(text: string): Promise<object | Outcome> {
  try {
    return await objectOf(new Blob([text]).stream(), asked);
  } catch (error) {
    if (error instanceof ServerTrouble) return error.outcome;
    throw error;
  }
}

test.each([
  ['{"a":1}', { a: 1 }],
  ['{"a":[1,2', { failure: { code: 'backend.cut' } }],
  ['', { failure: { code: 'backend.garbage' } }],
  ['[]', { failure: { code: 'backend.garbage' } }],
  ['{"a":NaN}', { failure: { code: 'backend.garbage' } }],
  ['<html></html>', { failure: { code: 'backend.garbage' } }],
])('the body %j is %j', async (text, expected) => {
  expect(await read(text)).toMatchObject(expected);
});

test('a body without end is not read to its end', async () => {
  const piece = Buffer.alloc(lineBytesMax / 2, 'x');
  let pieces = 0;
  async function* endless() {
    for (;;) {
      pieces += 1;
      yield piece;
    }
  }
  await expect(objectOf(endless(), asked)).rejects.toMatchObject({
    outcome: { kind: 'failed', failure: { code: 'execution.too_large' } },
  });
  expect(pieces).toBe(3);
});

test('vectors that are larger than an answer may be fail, and say what to do', () => {
  const vector = Array(limits.outputBytesMax / 8).fill(0.25);
  const request = { kind: 'embedding', inputs: ['a', 'b'] } as const;
  expect(vectorsOutcome([vector, vector], request, noUsage, asked)).toMatchObject({
    kind: 'failed',
    failure: { code: 'execution.too_large', message: expect.stringContaining('fewer inputs') },
  });
});
