import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Backend, Job } from '../../src/actors/execution.ts';
import { openaiBackend } from '../../src/actors/openai-backend.ts';
import type { FailureCode, Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { type FakeOpenai, startFakeOpenai } from '../support/fake-openai.ts';
import type { FakeOpenaiMode } from '../support/fake-openai-modes.ts';
import { until } from '../support/until.ts';

const apiKey = 'sk-0123456789abcdef0123456789abcdef';

let fake: FakeOpenai;

beforeEach(async () => {
  fake = await startFakeOpenai();
});

afterEach(() => fake.close());

function backend(): Backend {
  return openaiBackend({ baseUrl: fake.baseUrl, apiKey: null });
}

function outcomeIn(mode: FakeOpenaiMode, job: Partial<Job> = {}): Promise<Outcome> {
  fake.mode = mode;
  return backend()(makeJob(job), recordedIo());
}

function messageOf(outcome: Outcome): string {
  return 'failure' in outcome ? outcome.failure.message : '';
}

describe('an answer', () => {
  test('comes with its text and what the server counted', async () => {
    const io = recordedIo();
    const outcome = await backend()(makeJob(), io);
    expect(io.texts).toEqual(fake.tokens);
    expect(outcome).toEqual({
      kind: 'succeeded',
      output: fake.text,
      usage: {
        model: 'tiny',
        promptTokens: 7,
        outputTokens: fake.tokens.length,
        loadMs: null,
        promptMs: null,
        generateMs: null,
        totalMs: null,
        doneReason: 'stop',
      },
    });
  });

  test('of llama.cpp comes with its durations', async () => {
    expect(await outcomeIn('timings')).toMatchObject({
      kind: 'succeeded',
      usage: { promptMs: 1.5, generateMs: 2.25, promptTokens: 7, totalMs: null },
    });
  });

  test('keeps multi-byte characters whole when every byte comes alone', async () => {
    fake.mode = 'split-bytes';
    fake.tokens = ['工房の', '仕事', ' 🛠️', ' naïve'];
    const io = recordedIo();
    const outcome = await backend()(makeJob(), io);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: '工房の仕事 🛠️ naïve' });
    expect(io.texts).toEqual(fake.tokens);
  });

  test.each<[FakeOpenaiMode, string | null]>([
    ['no-done', 'stop'],
    ['done-alone', null],
    ['chatty', 'stop'],
    ['data-in-lines', 'stop'],
    ['thoughts', 'stop'],
    ['filtered-late', 'content_filter'],
  ])('is whole in the dialect "%s"', async (mode, doneReason) => {
    expect(await outcomeIn(mode)).toMatchObject({ kind: 'succeeded', output: 'word', usage: { doneReason } });
  });

  test('is asked for as a stream that counts, with the prompt as one message', async () => {
    await backend()(makeJob({ prompt: 'Saw it.' }), recordedIo());
    expect(fake.requests).toMatchObject([
      { method: 'POST', path: '/v1/chat/completions', headers: { 'content-type': 'application/json' } },
    ]);
    expect(fake.requests[0]?.body).toEqual({
      model: 'tiny',
      messages: [{ role: 'user', content: 'Saw it.' }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test('is asked for below a base URL with a slash at its end as below one without', async () => {
    await openaiBackend({ baseUrl: `${fake.baseUrl}/`, apiKey: null })(makeJob(), recordedIo());
    expect(fake.requests[0]?.path).toBe('/v1/chat/completions');
  });

  test('leaves no connection open', async () => {
    await outcomeIn('ok');
    await until(() => expect(fake.openConnections).toBe(0));
    expect(fake.requests[0]?.headers.connection).toBe('close');
  });
});

describe('a failure', () => {
  const failures: readonly [FakeOpenaiMode, 'retry' | 'failed', FailureCode, string][] = [
    ['reset-before-headers', 'retry', 'backend.unreachable', 'closed the connection before it answered'],
    ['busy-503', 'retry', 'backend.busy', 'is busy (503): Loading model.'],
    ['busy-429', 'retry', 'backend.busy', 'is busy (429): Rate limit reached.'],
    ['error-500', 'retry', 'backend.error', 'answered 500: the engine has died.'],
    ['error-event', 'retry', 'backend.error', ': CUDA error: out of memory.'],
    ['error-typed', 'retry', 'backend.error', ': The model has crashed.'],
    ['error-field', 'retry', 'backend.error', ': slot unavailable.'],
    ['error-line', 'retry', 'backend.error', 'while running the model: CUDA error.'],
    ['abandoned', 'retry', 'backend.error', 'it ended with "abort"'],
    ['cut', 'retry', 'backend.cut', 'The answer of the server at'],
    ['end-without-done', 'retry', 'backend.cut', 'was cut off before its end'],
    ['garbage', 'retry', 'backend.garbage', 'sent a line that is not part of an event stream'],
    ['not-http', 'retry', 'backend.garbage', 'is it really an OpenAI-compatible server?'],
    ['redirect', 'retry', 'backend.garbage', 'answered 302 where 200 was expected'],
    ['empty', 'retry', 'backend.empty', 'answered with no text'],
    ['thoughts-alone', 'retry', 'backend.empty', 'thought, but wrote no answer'],
    ['thoughts-until-length', 'retry', 'backend.empty', 'used up its tokens in thought'],
    ['tool-call', 'retry', 'backend.empty', 'called a tool'],
    ['filtered', 'failed', 'input.refused', 'content filter'],
    ['too-long', 'failed', 'input.too_long', 'maximum context length is 4096 tokens. Make it shorter'],
    ['too-long-in-stream', 'failed', 'input.too_long', 'context length of only 4096 tokens'],
    ['unknown-model', 'failed', 'model.unknown', 'has no model tiny: load it there'],
    ['bad-request', 'failed', 'input.refused', 'refused the task (400): Unrecognized request argument'],
    ['unauthorized', 'failed', 'input.refused', "check the worker's API key"],
    ['not-openai', 'failed', 'input.refused', 'does the base URL end as the server wants it'],
    ['huge', 'failed', 'execution.too_large', 'wrote more than 16 MiB'],
    ['huge-line', 'failed', 'execution.too_large', 'wrote more than 16 MiB'],
  ];

  test.each(failures)('%s means %s %s', async (mode, kind, code, words) => {
    const outcome = await outcomeIn(mode);
    expect(outcome).toMatchObject({ kind, failure: { code } });
    expect(messageOf(outcome)).toContain(words);
    await until(() => expect(fake.openConnections).toBe(0));
  });

  test('by a server that is not there is worth another attempt', async () => {
    await fake.close();
    const outcome = await outcomeIn('ok');
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.unreachable' } });
    expect(messageOf(outcome)).toContain('ECONNREFUSED');
  });

  test('by a path that is not there asks for the base URL', async () => {
    const outcome = await openaiBackend({ baseUrl: fake.url, apiKey: null })(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
    expect(messageOf(outcome)).toContain('/v1');
  });

  test('by a busy server waits as long as it asks for', async () => {
    expect(await outcomeIn('busy-503')).toMatchObject({ kind: 'retry', delayMsMin: 2_000 });
  });

  test('does not stay: the next job is answered', async () => {
    fake.nextModes.push('cut');
    expect((await outcomeIn('ok')).kind).toBe('retry');
    expect(await outcomeIn('ok')).toMatchObject({ kind: 'succeeded', output: fake.text });
  });

  test('without a model says what to set, and asks nobody', async () => {
    const outcome = await outcomeIn('ok', { model: null });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
    expect(messageOf(outcome)).toContain('default_model');
    expect(fake.requests).toEqual([]);
  });

  test('is told without the words of the prompt', async () => {
    const prompt = 'why does the engine has died stand in the log of the blue heron';
    expect(messageOf(await outcomeIn('error-500', { prompt }))).toMatch(/ answered 500\.$/);
  });
});

describe('the API key', () => {
  test('goes out as a bearer token, and nothing goes out without one', async () => {
    await openaiBackend({ baseUrl: fake.baseUrl, apiKey })(makeJob(), recordedIo());
    await backend()(makeJob(), recordedIo());
    expect(fake.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${apiKey}`,
      undefined,
    ]);
  });

  test.each<FakeOpenaiMode>([
    'unauthorized',
    'indiscreet',
    'indiscreet-stream',
    'reset-before-headers',
    'garbage',
  ])('is in no outcome of "%s"', async (mode) => {
    fake.mode = mode;
    const outcome = await openaiBackend({ baseUrl: fake.baseUrl, apiKey })(makeJob(), recordedIo());
    expect(messageOf(outcome)).not.toBe('');
    expect(JSON.stringify(outcome)).not.toContain(apiKey.slice(0, 8));
  });
});

describe('an abort', () => {
  test('before the headers closes the connection at once', async () => {
    fake.mode = 'hang';
    const io = recordedIo();
    const running = backend()(makeJob(), io);
    await until(() => expect(fake.openGenerations).toBe(1));
    await closesAtOnce(io.abort, running);
  });

  test('between two pieces of text closes the connection at once', async () => {
    fake.mode = 'hang-after-first';
    const io = recordedIo();
    const running = backend()(makeJob(), io);
    await io.firstText;
    await closesAtOnce(io.abort, running);
    expect(io.texts).toEqual(['first']);
  });

  test('while text streams closes the connection at once, and no text follows', async () => {
    fake.mode = 'slow';
    fake.tokens = Array.from({ length: 1_000 }, () => 'word ');
    const io = recordedIo();
    const running = backend()(makeJob(), io);
    await io.firstText;
    const textsAtAbort = io.texts.length;
    await closesAtOnce(io.abort, running);
    expect(io.texts.length).toBe(textsAtAbort);
  });

  test('from within a piece of text ends the job, also when the rest of the answer has come', async () => {
    const io = recordedIo();
    const onText = (text: string): void => {
      io.onText(text);
      io.abort();
    };
    expect(await backend()(makeJob(), { ...io, onText })).toEqual({ kind: 'cancelled' });
    expect(io.texts).toEqual([fake.tokens[0]]);
  });

  test('from within the last piece of text wins over the ending that came with it', async () => {
    fake.mode = 'chatty';
    const io = recordedIo();
    expect(await backend()(makeJob(), { ...io, onText: io.abort })).toEqual({ kind: 'cancelled' });
  });

  test('before the start asks nobody', async () => {
    expect(await backend()(makeJob(), recordedIo(AbortSignal.abort()))).toEqual({ kind: 'cancelled' });
    expect(fake.requests).toEqual([]);
  });

  async function closesAtOnce(abort: () => void, running: Promise<Outcome>): Promise<void> {
    const abortedMs = performance.now();
    abort();
    expect(await running).toEqual({ kind: 'cancelled' });
    await until(() => expect(fake.disconnectsMs).toHaveLength(1));
    expect((fake.disconnectsMs[0] ?? Infinity) - abortedMs).toBeLessThan(500);
    expect(fake.openGenerations).toBe(0);
  }
});

test('a mistake in the listener for text is not blamed on the server, and stops the generation', async () => {
  fake.mode = 'slow';
  const onText = (): void => {
    throw new TypeError('the listener broke');
  };
  await expect(backend()(makeJob(), { ...recordedIo(), onText })).rejects.toThrow('the listener broke');
  await until(() => expect(fake.openGenerations).toBe(0));
});
