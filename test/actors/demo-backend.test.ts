import { describe, expect, test } from 'vitest';
import { type DemoClock, demoBackend } from '../../src/actors/demo-backend.ts';
import type { Job } from '../../src/actors/execution.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';

/** A clock whose timers fire when the test says so. */
class HandClock implements DemoClock {
  readonly timers = new Map<number, () => void>();
  readonly delaysMs: number[] = [];
  #lastId = 0;

  setTimeout(fn: () => void, delayMs: number): number {
    this.delaysMs.push(delayMs);
    this.#lastId += 1;
    this.timers.set(this.#lastId, fn);
    return this.#lastId;
  }

  clearTimeout(id: unknown): void {
    this.timers.delete(id as number);
  }

  /** Fires all timers, and lets what they wake run. */
  async fire(): Promise<void> {
    for (const fn of [...this.timers.values()]) fn();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the demo backend', () => {
  test('says in English and Japanese that no model was asked', async () => {
    const outcome = await demoBackend({ delayMs: 0 })(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'succeeded', usage: { model: 'demo', outputTokens: null } });
    const output = outcome.kind === 'succeeded' ? outcome.output : '';
    expect(output).toContain('placeholder text from a demo worker; no model was asked');
    expect(output).toContain('モデルには問い合わせていません');
  });

  test('streams what it answers, piece by piece', async () => {
    const clock = new HandClock();
    const io = recordedIo();
    const running = demoBackend({ delayMs: 25, clock })(makeJob(), io);
    await clock.fire();
    expect(io.texts).toHaveLength(1);
    while (clock.timers.size > 0) await clock.fire();
    expect(await running).toMatchObject({ output: io.texts.join('') });
    expect(io.texts.length).toBeGreaterThan(2);
    expect(clock.delaysMs).toEqual(io.texts.map(() => 25));
  });

  test('stops between two pieces when aborted, and leaves no timer', async () => {
    const clock = new HandClock();
    const io = recordedIo();
    const running = demoBackend({ clock })(makeJob(), io);
    await clock.fire();
    io.abort();
    expect(await running).toEqual({ kind: 'cancelled' });
    expect(io.texts).toHaveLength(1);
    expect(clock.timers.size).toBe(0);
  });

  test('does nothing when aborted before the start', async () => {
    const io = recordedIo(AbortSignal.abort());
    expect(await demoBackend()(makeJob(), io)).toEqual({ kind: 'cancelled' });
    expect(io.texts).toEqual([]);
  });

  test('gives each text the vector of that text, of the length that was asked for', async () => {
    const request = { kind: 'embedding', inputs: ['oak', 'ash', 'oak'], dimensions: 5 } as const;
    const io = recordedIo();
    const outcome = await demoBackend({ delayMs: 0 })(makeJob({ request }), io);
    const vectors = JSON.parse(outcome.kind === 'succeeded' ? outcome.output : '') as number[][];
    expect(vectors.map(({ length }) => length)).toEqual([5, 5, 5]);
    expect(vectors[0]).toEqual(vectors[2]);
    expect(vectors[0]).not.toEqual(vectors[1]);
    expect(Math.max(...vectors.flat().map(Math.abs))).toBeLessThanOrEqual(1);
    expect(outcome).toMatchObject({ usage: { model: 'demo' } });
    expect(io.texts).toEqual([]);
  });

  test('answers a conversation with the same words, and JSON with an object that has them', async () => {
    const request = { kind: 'chat', messages: [{ role: 'user', content: 'the blue heron' }] } as const;
    expect(await demoBackend({ delayMs: 0 })(makeJob({ request }), recordedIo())).toMatchObject({
      output: expect.stringContaining('a conversation of 1 messages'),
    });
    const outcome = await demoBackend({ delayMs: 0 })(makeJob({ request, format: 'json' }), recordedIo());
    const json = JSON.parse(outcome.kind === 'succeeded' ? outcome.output : '') as object;
    expect(json).toMatchObject({ demo: true, note: expect.stringContaining('no model was asked') });
  });

  test.each<[string, Partial<Job>]>([
    ['keep to a schema', { format: { type: 'object' } }],
    [
      'call a tool',
      { request: { kind: 'chat', messages: [], tools: [{ name: 't' }], toolChoice: 'required' } },
    ],
  ])('does not claim to %s', async (_what, asked) => {
    const outcome = await demoBackend({ delayMs: 0 })(makeJob(asked), recordedIo());
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'output.invalid' } });
  });

  test('never repeats the prompt', async () => {
    const outcome = await demoBackend({ delayMs: 0 })(makeJob({ prompt: 'the blue heron' }), recordedIo());
    expect(outcome).not.toMatchObject({ output: expect.stringContaining('heron') });
  });
});
