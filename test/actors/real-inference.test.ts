import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import { ollamaBackend } from '../../src/actors/ollama-backend.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import {
  type RealOllama,
  realInferenceSetupTimeoutMs,
  skipsRealInference,
  startRealOllama,
} from '../support/real-inference-setup.ts';
import { until } from '../support/until.ts';
import { backendContract } from './backend-contract.ts';

const repeatable = { temperature: 0, seed: 7, num_predict: 24 };

/** Some 4 s at the pause below, if nobody stops it. */
const long = { temperature: 0, seed: 7, num_predict: 800 };
const pauseMs = 5;

describe.skipIf(skipsRealInference)('the Ollama backend on real inference', () => {
  let server: RealOllama;

  beforeAll(async () => {
    server = await startRealOllama({ delayMs: pauseMs });
  }, realInferenceSetupTimeoutMs);

  afterAll(() => server?.close());

  const serverIdle = (): Promise<void> => until(() => expect(server.events.at(-1)?.running).toBe(0));

  function generate(overrides: Partial<Job>): Promise<Outcome> {
    return ollamaBackend({ host: server.url })(makeJob(overrides), recordedIo());
  }

  for (const { name, check } of backendContract) {
    test(name, () =>
      check({
        backendAt: (host) => ollamaBackend({ host }),
        host: server.url,
        shortJob: makeJob({ sampling: repeatable }),
        longJob: makeJob({ sampling: long }),
        serverIdle,
      }),
    );
  }

  test('the same seed at temperature 0 gives the same answer, another prompt another', async () => {
    const [first, again, other] = [
      await generate({ sampling: repeatable }),
      await generate({ sampling: repeatable }),
      await generate({ sampling: repeatable, prompt: 'What does the river say at night?' }),
    ].map((outcome) => (outcome.kind === 'succeeded' ? outcome.output : ''));
    expect(first?.trim()).not.toBe('');
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test('counts are those of the model', async () => {
    const outcome = await generate({ sampling: { ...repeatable, num_predict: 10 } });
    expect(outcome).toMatchObject({ usage: { outputTokens: 10, doneReason: 'length' } });
    const longer = await generate({ sampling: repeatable, prompt: 'The lamp. '.repeat(20) });
    expect(promptTokensOf(longer)).toBeGreaterThan(promptTokensOf(outcome));
  });

  test('a cancel stops the counting of tokens', async () => {
    const io = recordedIo();
    const aborted = server.next('aborted');
    const running = ollamaBackend({ host: server.url })(makeJob({ sampling: long }), io);
    await io.firstText;
    const cancelledMs = performance.now();
    io.abort();
    expect(await running).toEqual({ kind: 'cancelled' });
    const { eval_count: tokens = Infinity } = await aborted;
    expect(performance.now() - cancelledMs).toBeLessThan(1_000);
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThan(long.num_predict);
  });

  test('a cancel reaches a job that waits in the queue of the server', async () => {
    const ahead = recordedIo();
    const waiting = recordedIo();
    const running = ollamaBackend({ host: server.url })(makeJob({ sampling: long }), ahead);
    await ahead.firstText;
    const queued = ollamaBackend({ host: server.url })(makeJob({ sampling: long }), waiting);
    await until(() => expect(server.events.at(-1)?.running).toBe(2));
    const aborted = server.next('aborted');
    waiting.abort();
    expect(await queued).toEqual({ kind: 'cancelled' });
    expect(await aborted).toMatchObject({ eval_count: 0, running: 1 });
    ahead.abort();
    await running;
    await serverIdle();
  });

  test('a deadline stops the generation', async () => {
    const aborted = server.next('aborted');
    const io = recordedIo(AbortSignal.timeout(400));
    const outcome = await ollamaBackend({ host: server.url })(makeJob({ sampling: long }), io);
    expect(outcome).toEqual({ kind: 'cancelled' });
    expect((await aborted).eval_count).toBeLessThan(long.num_predict);
  });

  test('a prompt that does not fit into the context is refused, not cut', async () => {
    const outcome = await generate({ prompt: 'a long story '.repeat(400), sampling: { num_ctx: 256 } });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.too_long' } });
    expect(outcome).toMatchObject({
      failure: { message: expect.stringContaining('exceeds the context length') },
    });
  });
});

function promptTokensOf(outcome: Outcome): number {
  return (outcome.kind === 'succeeded' && outcome.usage.promptTokens) || 0;
}
