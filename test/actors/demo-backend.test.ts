import { describe, expect, test } from 'vitest';
import { type DemoClock, demoBackend } from '../../src/actors/demo-backend.ts';
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

  test('never repeats the prompt', async () => {
    const outcome = await demoBackend({ delayMs: 0 })(makeJob({ prompt: 'the blue heron' }), recordedIo());
    expect(outcome).not.toMatchObject({ output: expect.stringContaining('heron') });
  });
});
