import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ollamaBackend } from '../../src/actors/ollama-backend.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';

/** Runs a job whose answer has exactly these bytes, in exactly these pieces, and then ends in order. */
function outcomeOf(pieces: readonly Uint8Array[]): Promise<Outcome> {
  const fetch = async (): Promise<Response> => new Response(ReadableStream.from(pieces), { status: 200 });
  return ollamaBackend({ host: 'http://127.0.0.1:1', fetch })(makeJob(), recordedIo());
}

function streamOf(texts: readonly string[]): Buffer {
  const lines = texts.map((response) => ({ model: 'tiny', response, done: false }));
  const last = { model: 'tiny', response: '', done: true, done_reason: 'stop', eval_count: texts.length };
  return Buffer.from([...lines, last].map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

/** Text with characters of one to four bytes, and at least one that is not white space. */
const texts = fc
  .array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 8 })
  .map((parts) => [...parts, '工房🛠️']);

describe('a stream of lines', () => {
  test('gives the same text however it is split, also inside a character', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.array(fc.nat(), { maxLength: 40 }), async (parts, cuts) => {
        const outcome = await outcomeOf(split(streamOf(parts), cuts));
        expect(outcome).toMatchObject({ kind: 'succeeded', output: parts.join('') });
      }),
    );
  });

  test('gives the same text when every byte comes alone', async () => {
    const parts = ['工房', 'の', ' 🛠️ naïve\n'];
    const bytes = [...streamOf(parts)].map((byte) => Buffer.of(byte));
    expect(await outcomeOf(bytes)).toMatchObject({ kind: 'succeeded', output: parts.join('') });
  });

  test('is never a success when it is cut anywhere before the end of its last line', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), fc.array(fc.nat(), { maxLength: 5 }), async (parts, cut, cuts) => {
        const whole = streamOf(parts);
        const lastBrace = whole.length - '}\n'.length;
        const outcome = await outcomeOf(split(whole.subarray(0, cut % (lastBrace + 1)), cuts));
        expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.cut' } });
      }),
    );
  });

  test('may lack the newline after its last line', async () => {
    const whole = streamOf(['word']);
    expect(await outcomeOf([whole.subarray(0, -1)])).toMatchObject({ kind: 'succeeded', output: 'word' });
  });

  test('may have blank lines', async () => {
    const outcome = await outcomeOf([Buffer.from('\n\r\n'), streamOf(['word'])]);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: 'word' });
  });

  test('of random bytes is never a success, and never a throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 6 }), async (pieces) => {
        expect((await outcomeOf(pieces)).kind).toBe('retry');
      }),
    );
  });

  test('with a byte that cannot stand in UTF-8 is never a success', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), fc.integer({ min: 0x80, max: 0xff }), async (parts, at, byte) => {
        const bytes = streamOf(parts);
        const position = at % (bytes.length - 1);
        fc.pre(bytes[position] !== undefined && bytes[position] < 0x80);
        bytes[position] = byte;
        expect((await outcomeOf([bytes])).kind).toBe('retry');
      }),
    );
  });

  test.each([
    ['a number', '1'],
    ['null', 'null'],
    ['an array', '[{"response":"word","done":true}]'],
    ['an object without done', '{"response":"word"}'],
    ['the line that ends a download', '{"status":"success"}'],
    ['a done that is not a boolean', '{"response":"word","done":"true"}'],
    ['a text that is not a string', '{"response":7,"done":true}'],
  ])('with a line that is %s is garbage', async (_what, line) => {
    const outcome = await outcomeOf([Buffer.from(`${line}\n`), streamOf(['word'])]);
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.garbage' } });
  });

  test('has an end that counts only what are counts', async () => {
    const last = {
      response: 'word',
      done: true,
      eval_count: '12',
      prompt_eval_count: -1,
      total_duration: 1e300,
      done_reason: 7,
    };
    expect(await outcomeOf([Buffer.from(JSON.stringify(last))])).toMatchObject({
      kind: 'succeeded',
      usage: { model: 'tiny', outputTokens: null, promptTokens: null, totalMs: null, doneReason: null },
    });
  });

  test('of thoughts alone is empty, and says what to raise', async () => {
    const thought = { thinking: 'hm', response: '', done: false };
    const last = { response: '', done: true, done_reason: 'length' };
    const outcome = await outcomeOf([thought, last].map((line) => Buffer.from(`${JSON.stringify(line)}\n`)));
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.empty' } });
    expect(outcome).toMatchObject({ failure: { message: expect.stringContaining('num_predict') } });
  });
});

describe('a refusal', () => {
  function refusedWith(body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Outcome> {
    const fetch = async (): Promise<Response> => new Response(ReadableStream.from(body), { status: 500 });
    return ollamaBackend({ host: 'http://127.0.0.1:1', fetch })(makeJob(), recordedIo());
  }

  test('with a body without end is read so far and no further', async () => {
    let piecesRead = 0;
    const outcome = await refusedWith(
      (function* () {
        for (;;) {
          piecesRead += 1;
          yield Buffer.alloc(1_024, 'x');
        }
      })(),
    );
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.error' } });
    expect(piecesRead).toBeLessThan(100);
  });

  test('with a body that is cut is decided by its status', async () => {
    const outcome = await refusedWith(
      (async function* () {
        yield Buffer.from('{"error":"half a sen');
        throw new Error('terminated');
      })(),
    );
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.error' } });
  });

  test('with an error that is an object is quoted as it is', async () => {
    const outcome = await refusedWith([Buffer.from('{"error":{"code":7}}')]);
    expect(outcome).toMatchObject({ failure: { message: expect.stringContaining('{"code":7}') } });
  });
});
