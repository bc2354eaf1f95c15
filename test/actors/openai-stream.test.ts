import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openaiBackend } from '../../src/actors/openai-backend.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';

/** Runs a job whose answer has exactly these bytes, in exactly these pieces, and then ends in order. */
function outcomeOf(pieces: Iterable<Uint8Array>): Promise<Outcome> {
  const fetch = async (): Promise<Response> => new Response(ReadableStream.from(pieces), { status: 200 });
  return openaiBackend({ baseUrl: 'http://127.0.0.1:1/v1', apiKey: null, fetch })(makeJob(), recordedIo());
}

function outcomeOfText(text: string): Promise<Outcome> {
  return outcomeOf([Buffer.from(text)]);
}

function event(fields: object): string {
  return `data: ${JSON.stringify(fields)}\n\n`;
}

function choice(delta: object, finishReason: string | null = null): string {
  return event({ choices: [{ index: 0, delta, finish_reason: finishReason }] });
}

const counts = event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } });
const done = 'data: [DONE]\n\n';

/** An answer up to its finish_reason, and what comes behind it. */
function streamOf(texts: readonly string[]): { readonly answer: Buffer; readonly rest: Buffer } {
  const answer = [...texts.map((content) => choice({ content })), choice({}, 'stop')].join('');
  return { answer: Buffer.from(answer), rest: Buffer.from(counts + done) };
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

/** Text with characters of one to four bytes, and at least one that is not white space. */
const texts = fc
  .array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 8 })
  .map((parts) => [...parts, '工房🛠️']);

describe('a stream of events', () => {
  test('gives the same text however it is split, also inside a character, and with either end of lines', async () => {
    const cutsMade = fc.array(fc.nat(), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(texts, cutsMade, fc.boolean(), async (parts, cuts, hasCr) => {
        const { answer, rest } = streamOf(parts);
        const text = Buffer.concat([answer, rest]).toString();
        const bytes = Buffer.from(hasCr ? text.replaceAll('\n', '\r\n') : text);
        const outcome = await outcomeOf(split(bytes, cuts));
        expect(outcome).toMatchObject({
          kind: 'succeeded',
          output: parts.join(''),
          usage: { promptTokens: 3 },
        });
      }),
    );
  });

  test('is never a success when it is cut anywhere before its finish_reason is whole', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), fc.array(fc.nat(), { maxLength: 5 }), async (parts, cut, cuts) => {
        const { answer } = streamOf(parts);
        const lastBrace = answer.length - '}\n\n'.length;
        const outcome = await outcomeOf(split(answer.subarray(0, cut % (lastBrace + 1)), cuts));
        expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.cut' } });
      }),
    );
  });

  test('is a success or cut behind its finish_reason, and whole whenever it is a success', async () => {
    const { answer, rest } = streamOf(['word']);
    for (let end = 0; end <= rest.length; end += 1) {
      const outcome = await outcomeOf([answer, rest.subarray(0, end)]);
      expect(['word', 'backend.cut']).toContain(
        outcome.kind === 'succeeded' ? outcome.output : 'failure' in outcome && outcome.failure.code,
      );
    }
    expect(await outcomeOf([answer])).toMatchObject({ kind: 'succeeded' });
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
        const { answer, rest } = streamOf(parts);
        const position = at % (answer.length - 1);
        fc.pre((answer[position] ?? 0xff) < 0x80);
        answer[position] = byte;
        expect((await outcomeOf([answer, rest])).kind).toBe('retry');
      }),
    );
  });

  test.each([
    ['a line without a field', 'word\n\n'],
    ['a page', '<!doctype html>\n\n'],
    ['a whole answer that is not streamed', '{"choices":[{"message":{"content":"word"}}]}\n\n'],
    ['a number', 'data: 1\n\n'],
    ['an array', 'data: []\n\n'],
    ['half a JSON object', 'data: {"choices":\n\n'],
    ['an object without choices', 'data: {"content":"word"}\n\n'],
    ['choices that are no list', 'data: {"choices":{}}\n\n'],
    ['a choice that is null', 'data: {"choices":[null]}\n\n'],
    ['a delta that is text', 'data: {"choices":[{"delta":"word"}]}\n\n'],
    ['a text that is a number', 'data: {"choices":[{"delta":{"content":7}}]}\n\n'],
    ['a finish_reason that is a number', 'data: {"choices":[{"delta":{},"finish_reason":7}]}\n\n'],
  ])('with %s is garbage', async (_what, text) => {
    const outcome = await outcomeOfText(text + choice({ content: 'word' }, 'stop') + done);
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.garbage' } });
  });

  test('without anything in it is cut', async () => {
    for (const text of ['', '\n\n', ': ping\n\n', choice({ role: 'assistant', content: '' })]) {
      expect(await outcomeOfText(text)).toMatchObject({ kind: 'retry', failure: { code: 'backend.cut' } });
    }
  });

  test('may lack delta, content and finish_reason where there is nothing to tell', async () => {
    const chunks = [{ choices: [{}] }, { choices: [{ delta: null, finish_reason: null }] }, { choices: [] }];
    const whole = chunks.map(event).join('') + choice({ content: 'word', refusal: null }, 'stop');
    expect(await outcomeOfText(whole + done)).toMatchObject({ kind: 'succeeded', output: 'word' });
  });

  test('may begin with a byte order mark', async () => {
    expect(await outcomeOfText(`\ufeff${choice({ content: 'word' }, 'stop')}`)).toMatchObject({
      output: 'word',
    });
  });

  test('is not read behind its end', async () => {
    const outcome = await outcomeOfText(`${choice({ content: 'word' }, 'stop')}${done}what else\n`);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: 'word' });
  });

  test('counts only what are counts', async () => {
    const usage = { prompt_tokens: -1, completion_tokens: '12' };
    const timings = { prompt_ms: Number.MAX_VALUE, predicted_ms: -1 };
    const whole =
      choice({ content: 'word' }, 'stop') + event({ model: 7, choices: [], usage, timings }) + done;
    expect(await outcomeOfText(whole)).toMatchObject({
      kind: 'succeeded',
      usage: { model: 'tiny', promptTokens: null, outputTokens: null, generateMs: null },
    });
  });

  test('keeps the counts that it told last', async () => {
    const early = event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 0 } });
    const later = event({ choices: [{ delta: { content: 'word' }, finish_reason: 'stop' }], usage: null });
    expect(await outcomeOfText(early + counts + later)).toMatchObject({ usage: { outputTokens: 1 } });
  });

  test('whose one event has data without end is stopped', async () => {
    const line = Buffer.from(`data: ${'x'.repeat(1024 * 1024)}\n`);
    const outcome = await outcomeOf(
      (function* () {
        for (;;) yield line;
      })(),
    );
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'execution.too_large' } });
  });
});
