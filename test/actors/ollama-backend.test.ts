import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ollamaBackend } from '../../src/actors/ollama-backend.ts';
import { KoubouError } from '../../src/machines/errors.ts';
import type { FailureCode, Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { type FakeOllama, startFakeOllama } from '../support/fake-ollama.ts';
import type { FakeMode } from '../support/fake-ollama-modes.ts';
import { until } from '../support/until.ts';

let fake: FakeOllama;

beforeEach(async () => {
  fake = await startFakeOllama();
});

afterEach(() => fake.close());

function outcomeIn(mode: FakeMode, prompt = 'Plane the board.'): Promise<Outcome> {
  fake.mode = mode;
  return ollamaBackend({ host: fake.url })(makeJob({ prompt }), recordedIo());
}

function messageOf(outcome: Outcome): string {
  return 'failure' in outcome ? outcome.failure.message : '';
}

describe('an answer', () => {
  test('comes with its text and what Ollama counted, in ms', async () => {
    const io = recordedIo();
    const outcome = await ollamaBackend({ host: fake.url })(makeJob(), io);
    expect(io.texts).toEqual(fake.tokens);
    expect(outcome).toEqual({
      kind: 'succeeded',
      output: fake.text,
      usage: {
        model: 'tiny',
        promptTokens: 7,
        outputTokens: fake.tokens.length,
        loadMs: 1,
        promptMs: 1.5,
        generateMs: 2.5,
        totalMs: 5,
        doneReason: 'stop',
      },
    });
  });

  test('keeps multi-byte characters whole when every byte comes alone', async () => {
    fake.mode = 'split-bytes';
    fake.tokens = ['工房の', '仕事', ' 🛠️', ' naïve'];
    const io = recordedIo();
    const outcome = await ollamaBackend({ host: fake.url })(makeJob(), io);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: '工房の仕事 🛠️ naïve' });
    expect(io.texts).toEqual(fake.tokens);
  });

  test('is asked for as a stream, with the sampling of the job, and never from a prompt cut in silence', async () => {
    const sampling = { temperature: 0, num_ctx: 4_096 };
    await ollamaBackend({ host: fake.url })(makeJob({ prompt: 'Saw it.', sampling }), recordedIo());
    expect(fake.generations.map(({ body }) => body)).toEqual([
      { model: 'tiny', prompt: 'Saw it.', options: sampling, stream: true, truncate: false },
    ]);
  });

  test('leaves no connection open', async () => {
    await outcomeIn('ok');
    await until(() => expect(fake.openConnections).toBe(0));
    expect(fake.generations[0]?.headers.connection).toBe('close');
  });
});

describe('a failure', () => {
  const failures: readonly [FakeMode, 'retry' | 'failed', FailureCode, string][] = [
    ['reset-before-headers', 'retry', 'backend.unreachable', 'closed the connection before it answered'],
    ['busy-503', 'retry', 'backend.busy', 'is busy (503)'],
    ['busy-429', 'retry', 'backend.busy', 'is busy (429)'],
    ['error-500', 'retry', 'backend.error', 'answered 500: llama runner process has terminated.'],
    ['error-line', 'retry', 'backend.error', 'an error was encountered while running the model: CUDA error.'],
    ['cut', 'retry', 'backend.cut', 'was cut off before its end'],
    ['end-without-done', 'retry', 'backend.cut', 'was cut off before its end'],
    ['garbage', 'retry', 'backend.garbage', 'sent a line that is not a JSON object'],
    ['not-http', 'retry', 'backend.garbage', 'does not speak HTTP'],
    ['redirect', 'retry', 'backend.garbage', 'answered 302 where 200 was expected'],
    ['empty', 'retry', 'backend.empty', 'answered with no text'],
    ['load', 'retry', 'backend.empty', 'the prompt was empty'],
    ['unload', 'retry', 'backend.empty', 'was unloaded instead of answering'],
    ['unknown-model', 'failed', 'model.unknown', 'run `ollama pull tiny` there'],
    ['bad-request', 'failed', 'input.refused', 'refused the task (400): invalid option: temprature.'],
    ['unauthorized', 'failed', 'input.refused', 'refused the credentials (401)'],
    ['not-ollama', 'failed', 'input.refused', 'knows no /api/generate (404)'],
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

  test('by a name that does not exist is worth another attempt', async () => {
    const outcome = await ollamaBackend({ host: 'nobody.invalid' })(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.unreachable' } });
    expect(messageOf(outcome)).toContain('nobody.invalid:11434');
  });

  test('by a busy server waits as long as it asks for', async () => {
    expect(await outcomeIn('busy-503')).toMatchObject({ delayMsMin: 2_000 });
    expect(await outcomeIn('busy-429')).toMatchObject({ delayMsMin: 0 });
  });

  test('is forgotten by the next attempt', async () => {
    fake.nextModes.push('busy-503', 'cut');
    expect((await outcomeIn('ok')).kind).toBe('retry');
    expect((await outcomeIn('ok')).kind).toBe('retry');
    expect(await outcomeIn('ok')).toMatchObject({ kind: 'succeeded', output: fake.text });
  });

  test('without a model says what to set, and asks nobody', async () => {
    const outcome = await ollamaBackend({ host: fake.url })(makeJob({ model: null }), recordedIo());
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
    expect(messageOf(outcome)).toContain('default_model');
    expect(fake.requests).toEqual([]);
  });

  test('is told in words that hold neither the prompt nor a secret', async () => {
    const prompt = 'an error was encountered while running the errand of the blue heron';
    expect(messageOf(await outcomeIn('error-line', prompt))).toMatch(
      /^The generation failed at Ollama on \S+\.$/,
    );
    expect(messageOf(await outcomeIn('unauthorized'))).not.toContain('sk-');
    const host = fake.url.replace('http://', 'http://user:hunter2@');
    const outcome = await ollamaBackend({ host })(makeJob({ model: 'error-500' }), recordedIo());
    expect(messageOf(outcome)).toContain(fake.url.replace('http://', ''));
    expect(messageOf(outcome)).not.toContain('hunter2');
  });
});

describe('an abort', () => {
  test('before the headers closes the connection at once', async () => {
    fake.mode = 'hang';
    const io = recordedIo();
    const running = ollamaBackend({ host: fake.url })(makeJob(), io);
    await until(() => expect(fake.openGenerations).toBe(1));
    await closesAtOnce(io.abort, running);
  });

  test('between two pieces of text closes the connection at once', async () => {
    fake.mode = 'hang-after-first';
    const io = recordedIo();
    const running = ollamaBackend({ host: fake.url })(makeJob(), io);
    await io.firstText;
    await closesAtOnce(io.abort, running);
    expect(io.texts).toEqual(['first']);
  });

  test('while text streams closes the connection at once, and no text follows', async () => {
    fake.mode = 'slow';
    fake.tokens = Array.from({ length: 1_000 }, () => 'word ');
    const io = recordedIo();
    const running = ollamaBackend({ host: fake.url })(makeJob(), io);
    await io.firstText;
    const textsAtAbort = io.texts.length;
    await closesAtOnce(io.abort, running);
    expect(io.texts.length).toBe(textsAtAbort);
  });

  test('from within the first piece of text ends the job', async () => {
    const io = recordedIo();
    const onText = (text: string): void => {
      io.onText(text);
      io.abort();
    };
    expect(await ollamaBackend({ host: fake.url })(makeJob(), { ...io, onText })).toEqual({
      kind: 'cancelled',
    });
    expect(io.texts).toEqual([fake.tokens[0]]);
  });

  test('from within the last piece of text wins over the ending that came with it', async () => {
    const io = recordedIo();
    const fetch = async (): Promise<Response> => new Response('{"response":"all","done":true}\n');
    const backend = ollamaBackend({ host: fake.url, fetch });
    expect(await backend(makeJob(), { ...io, onText: io.abort })).toEqual({ kind: 'cancelled' });
  });

  test('before the start asks nobody', async () => {
    const outcome = await ollamaBackend({ host: fake.url })(makeJob(), recordedIo(AbortSignal.abort()));
    expect(outcome).toEqual({ kind: 'cancelled' });
    expect(fake.openConnections).toBe(0);
  });

  test('wins over a way to the network that fails in its own words', async () => {
    const controller = new AbortController();
    const fetch = async (): Promise<Response> => {
      controller.abort();
      throw new Error('stopped');
    };
    const backend = ollamaBackend({ host: fake.url, fetch });
    expect(await backend(makeJob(), recordedIo(controller.signal))).toEqual({ kind: 'cancelled' });
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

describe('a mistake on our side', () => {
  test('in the host is refused when the backend is made', () => {
    for (const host of ['', 'http://', 'ftp://example.com', 'http://a b']) {
      expect(() => ollamaBackend({ host })).toThrow(KoubouError);
    }
  });

  test('in the listener for text is not blamed on the server, and stops the generation', async () => {
    fake.mode = 'slow';
    const onText = (): void => {
      throw new TypeError('the listener broke');
    };
    const running = ollamaBackend({ host: fake.url })(makeJob(), { ...recordedIo(), onText });
    await expect(running).rejects.toThrow('the listener broke');
    await until(() => expect(fake.openGenerations).toBe(0));
  });
});
