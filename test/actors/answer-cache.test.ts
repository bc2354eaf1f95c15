import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Answer,
  AnswerCache,
  type AnswerCacheOptions,
  withAnswerCache,
} from '../../src/actors/answer-cache.ts';
import type { Backend, Job } from '../../src/actors/execution.ts';
import { failed, noUsage, type Outcome, retry } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const ttlMs = 60_000;
const settings = { enabled: true, ttlMs, entriesMax: 100 };

const usage = {
  ...noUsage,
  model: 'tiny',
  promptTokens: 7,
  outputTokens: 2,
  loadMs: 900,
  generateMs: 40,
  totalMs: 1_000,
};

function answer(output: string): Answer {
  return { kind: 'succeeded', output, usage: { ...usage, doneReason: 'stop' } };
}

/** A cache before a backend that numbers its answers. */
function setupCache(options: Partial<AnswerCacheOptions> = {}, outcomes: Outcome[] = []) {
  const clock = new VirtualClock();
  const cache = new AnswerCache({ clock, bytesMax: 1_000_000, ...settings, ...options });
  let generated = 0;
  const backend: Backend = async (_job, io) => {
    generated += 1;
    const outcome = outcomes.shift() ?? answer(`answer ${generated}`);
    if (outcome.kind === 'succeeded') io.onText(outcome.output);
    return outcome;
  };
  const cached = withAnswerCache(backend, cache);
  const run = async (job: Partial<Job> = {}, io = recordedIo()): Promise<string> => {
    const outcome = await cached(makeJob({ fresh: false, ...job }), io);
    return outcome.kind === 'succeeded' ? outcome.output : outcome.kind;
  };
  return { clock, cache, cached, run, generated: () => generated };
}

describe('a job that was run before', () => {
  test('is answered from memory, its text told at once, and its usage says so', async () => {
    const { cached, run, generated } = setupCache();
    await run();
    const io = recordedIo();
    expect(await cached(makeJob({ fresh: false }), io)).toEqual({
      kind: 'succeeded',
      output: 'answer 1',
      usage: { ...usage, loadMs: 0, promptMs: 0, generateMs: 0, totalMs: 0, doneReason: 'cached' },
    });
    expect(io.texts).toEqual(['answer 1']);
    expect(generated()).toBe(1);
  });

  test('still says so when it is asked for a third time', async () => {
    const { cached, run } = setupCache();
    await run();
    await run();
    const outcome = await cached(makeJob({ fresh: false }), recordedIo());
    expect(outcome).toMatchObject({ usage: { promptTokens: 7, outputTokens: 2, doneReason: 'cached' } });
  });

  test('is the same job whoever asks, and with options in another order', async () => {
    const { run } = setupCache();
    await run({
      taskType: 'analysis',
      priority: 9,
      sampling: { top_p: 0.9, stop: ['a', 'b'], temperature: 0 },
    });
    expect(await run({ sampling: { temperature: 0, top_p: 0.9, stop: ['a', 'b'] } })).toBe('answer 1');
  });

  test('is the same job for a model without its tag', async () => {
    const { run } = setupCache();
    await run({ model: 'tiny:latest' });
    expect(await run({ model: 'tiny' })).toBe('answer 1');
  });

  const others: readonly [string, Partial<Job>][] = [
    ['prompt', { prompt: 'Another.' }],
    ['model', { model: 'other' }],
    ['option', { sampling: { temperature: 1 } }],
    ['value of an option', { sampling: { seed: 8, stop: ['a', 'b'] } }],
    ['request', { request: { kind: 'completion', system: 'Be short.' } }],
    ['format', { format: 'json' }],
    ['order within an option', { sampling: { seed: 7, stop: ['b', 'a'] } }],
  ];

  test.each(others)('is another job with another %s', async (_what, other) => {
    const { run } = setupCache();
    const job = { sampling: { seed: 7, stop: ['a', 'b'] } };
    await run(job);
    expect(await run({ ...job, ...other })).toBe('answer 2');
    expect(await run(job)).toBe('answer 1');
  });

  test('is generated when it wants a fresh answer, which is kept in the place of the old one', async () => {
    const { run, cache } = setupCache();
    await run();
    expect(await run({ fresh: true })).toBe('answer 2');
    expect(await run()).toBe('answer 2');
    expect(cache.size).toBe(1);
  });

  test('is generated when no model is named, since the server may choose another', async () => {
    const { run, cache } = setupCache();
    await run({ model: null });
    expect(await run({ model: null })).toBe('answer 2');
    expect(cache.size).toBe(0);
  });

  test('and was told to stop is left to the backend, which says nothing', async () => {
    const { run, generated } = setupCache({}, [answer('kept'), { kind: 'cancelled' }]);
    await run();
    const io = recordedIo(AbortSignal.abort());
    expect(await run({}, io)).toBe('cancelled');
    expect([io.texts, generated()]).toEqual([[], 2]);
  });

  test('runs twice when it is asked for twice at once', async () => {
    const { run } = setupCache();
    expect(await Promise.all([run(), run()])).toEqual(['answer 1', 'answer 2']);
    expect(await run()).toBe('answer 2');
  });
});

describe('an outcome that is no success', () => {
  test.each<Outcome>([
    retry('backend.cut', 'was cut off'),
    failed('model.unknown', 'no such model'),
    { kind: 'cancelled' },
  ])('is not kept: $kind', async (outcome) => {
    const { run, cache } = setupCache({}, [outcome]);
    expect(await run()).toBe(outcome.kind);
    expect(cache.size).toBe(0);
    expect(await run()).toBe('answer 2');
  });
});

describe('an answer', () => {
  test('is given until its time is over, whatever the wall clock says', async () => {
    const { run, clock } = setupCache();
    await run();
    clock.jumpWall(10 * ttlMs);
    await clock.advance(ttlMs - 1);
    expect(await run()).toBe('answer 1');
    await clock.advance(1);
    expect(await run()).toBe('answer 2');
  });

  test('is not kept longer because it was used', async () => {
    const { run, clock, generated } = setupCache();
    for (let uses = 0; uses < 6; uses += 1) {
      await run();
      await clock.advance(ttlMs / 4);
    }
    expect(generated()).toBe(2);
  });

  test('is given with all that was answered beside its text; of what has no text none is told', async () => {
    const reply = { toolCalls: [{ id: 'a', name: 'saw', arguments: '{}' }] };
    const { cached, cache } = setupCache({}, [{ ...answer(''), reply }, answer('[[1]]')]);
    const chat = makeJob({ request: { kind: 'chat', messages: [{ role: 'user', content: 'Saw it.' }] } });
    const embedding = makeJob({ request: { kind: 'embedding', inputs: ['oak'] } });
    for (const job of [chat, embedding]) await cached(job, recordedIo());
    const io = recordedIo();
    expect(await cached(chat, io)).toMatchObject({ output: '', reply, usage: { doneReason: 'cached' } });
    expect(await cached(embedding, io)).toMatchObject({ output: '[[1]]', usage: { doneReason: 'cached' } });
    expect(io.texts).toEqual([]);
    expect(cache.bytes).toBeGreaterThan(2 * JSON.stringify(reply).length + 2 * 1_024);
  });

  test('that was not used for the longest makes room for a new one', async () => {
    const { run } = setupCache({ entriesMax: 2 });
    await run({ prompt: 'a' });
    await run({ prompt: 'b' });
    await run({ prompt: 'a' });
    await run({ prompt: 'c' });
    expect(await run({ prompt: 'a' })).toBe('answer 1');
    expect(await run({ prompt: 'b' })).toBe('answer 4');
  });

  test('that is larger than all the memory is given, and not kept', async () => {
    const { run, cache } = setupCache({ bytesMax: 10_000 }, [answer('x'.repeat(5_000))]);
    await run();
    expect([cache.size, cache.bytes]).toEqual([0, 0]);
    expect(await run()).toBe('answer 2');
  });
});

describe('new settings', () => {
  test('for the time hold for answers that are kept', async () => {
    const { run, clock, cache } = setupCache();
    await run();
    await clock.advance(1_000);
    cache.configure({ ...settings, ttlMs: 1_000 });
    expect(await run()).toBe('answer 2');
  });

  test('for the number forget the least used at once', async () => {
    const { run, cache } = setupCache();
    for (const prompt of ['a', 'b', 'c']) await run({ prompt });
    cache.configure({ ...settings, entriesMax: 1 });
    expect(cache.size).toBe(1);
    expect(await run({ prompt: 'c' })).toBe('answer 3');
  });

  test('that switch it off forget all, and let every job through', async () => {
    const { run, cache } = setupCache();
    await run();
    cache.configure({ ...settings, enabled: false });
    expect([cache.size, cache.bytes]).toEqual([0, 0]);
    expect(await run()).toBe('answer 2');
    cache.configure(settings);
    expect(await run()).toBe('answer 3');
  });

  test('that switch it off while a job runs keep its answer out', async () => {
    const { run, cache } = setupCache();
    const running = run();
    cache.configure({ ...settings, enabled: false });
    await running;
    expect(cache.size).toBe(0);
  });
});

describe('whatever is asked', () => {
  interface Model {
    /** In the order of their last use. */
    kept: { readonly prompt: string; readonly output: string; readonly atMs: number }[];
  }

  const steps = fc.array(
    fc.oneof(
      fc.record({ prompt: fc.constantFrom('a', 'b', 'c', 'd', 'e'), fresh: fc.boolean() }),
      fc.record({ passMs: fc.integer({ min: 1, max: ttlMs }) }),
    ),
    { maxLength: 60 },
  );

  test('it answers as a list of the latest uses would, within its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (each, entriesMax) => {
        const bytesMax = 1_000_000;
        const { run, clock, cache, generated } = setupCache({ entriesMax, bytesMax });
        const model: Model = { kept: [] };
        for (const step of each) {
          if ('passMs' in step) {
            await clock.advance(step.passMs);
            continue;
          }
          const known = model.kept.find(({ prompt }) => prompt === step.prompt);
          const isGiven = known !== undefined && !step.fresh && clock.monotonic() - known.atMs < ttlMs;
          const output = await run(step);
          expect(output).toBe(isGiven ? known.output : `answer ${generated()}`);
          const entry = isGiven ? known : { prompt: step.prompt, output, atMs: clock.monotonic() };
          model.kept = [...model.kept.filter((other) => other !== known), entry].slice(-entriesMax);
          expect(cache.size).toBe(model.kept.length);
          expect(cache.bytes).toBe(
            model.kept.reduce((sum, { output: text }) => sum + 1_024 + 2 * text.length, 0),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test('it takes no more memory than it may', async () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 6_000 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(lengths, async (each) => {
        const bytesMax = 10_000;
        const outcomes = each.map((length) => answer('x'.repeat(length)));
        const { run, cache } = setupCache({ bytesMax }, outcomes);
        for (const [at] of each.entries()) {
          await run({ prompt: `prompt ${at}` });
          expect(cache.bytes).toBeLessThanOrEqual(bytesMax);
        }
        if (each.some((length) => length < 4_000)) expect(cache.size).toBeGreaterThan(0);
      }),
      { numRuns: 40 },
    );
  });
});
