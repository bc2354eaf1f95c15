import { cpSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { failed, retry } from '../../src/machines/outcome.ts';
import type { PredictionView } from '../../src/runtime/prediction-view.ts';
import { temporaryFolder } from '../support/running-server.ts';
import { Workshop } from '../support/workshop.ts';

/** Seconds until the middle of what is expected. */
const startOf = ({ in_seconds }: PredictionView) => in_seconds.start_p50 ?? Number.NaN;
const finishOf = ({ in_seconds }: PredictionView) => in_seconds.finish_p50 ?? Number.NaN;

describe('what is expected of a task', () => {
  test('is nothing before the first run of all', async () => {
    const shop = await new Workshop().open();
    const [running, queued] = await shop.delegate(2);
    expect(shop.runtime.task(running as TaskId).prediction).toBeNull();
    expect(shop.runtime.task(queued as TaskId).prediction).toBeNull();
    expect(shop.runtime.prediction(queued as TaskId)).toBeNull();
  });

  test('comes true within a quarter on average once fifty of its kind were done', async () => {
    const shop = new Workshop();
    shop.durationMs = (run) => 10_000 + 4_000 * Math.sin(run * 2.4);
    await shop.open({ workers: [{ maxConcurrentTasks: 2 }, { maxConcurrentTasks: 1 }] });
    await shop.learn(50);
    const ids = await shop.delegate(20);
    const madeMs = shop.clock.monotonic();
    const expectations = ids.map((id) => shop.runtime.prediction(id) as PredictionView);
    expect(expectations.slice(0, 4).map(({ place }) => place)).toEqual([null, null, null, 1]);
    await shop.clock.advance(120_000);
    const misses = expectations.map((prediction, at) => {
      const actual = ((shop.endedMs.get(ids[at] as TaskId) ?? Number.NaN) - madeMs) / 1_000;
      expect(prediction.in_seconds.finish_p90, `task ${at}`).toBeGreaterThan(finishOf(prediction));
      expect(prediction.basis).toMatch(/^\d+ runs of worker, model, type and length$/);
      return Math.abs(finishOf(prediction) - actual) / actual;
    });
    expect(misses.reduce((sum, miss) => sum + miss) / misses.length).toBeLessThan(0.25);
  });

  test('is told in times and in seconds from now, alike', async () => {
    const shop = await new Workshop().open();
    await shop.learn(6);
    const [, second] = await shop.delegate(2);
    await shop.clock.advance(3_000);
    const { start, finish, in_seconds: seconds } = shop.prediction(second as TaskId);
    const fromNow = (iso: string | undefined) => (Date.parse(iso ?? '') - shop.clock.now()) / 1_000;
    expect(fromNow(start?.p50)).toBeCloseTo(seconds.start_p50 ?? Number.NaN, 2);
    expect(fromNow(start?.p90)).toBeCloseTo(seconds.start_p90 ?? Number.NaN, 2);
    expect(fromNow(finish?.p50)).toBeCloseTo(seconds.finish_p50 ?? Number.NaN, 2);
    expect(fromNow(finish?.p90)).toBeCloseTo(seconds.finish_p90 ?? Number.NaN, 2);
    expect(seconds.start_p50).toBeCloseTo(7, 0);
    expect(seconds.finish_p50).toBeCloseTo(17, 0);
  });

  test('is a start at once where a worker is idle', async () => {
    const shop = await new Workshop().open();
    await shop.learn(6);
    const prediction = shop.runtime.prediction(await shop.delegateOne());
    expect(prediction).toMatchObject({ place: null, in_seconds: { start_p50: 0, start_p90: 0 } });
    expect(finishOf(prediction as PredictionView)).toBeCloseTo(10, 1);
  });

  test('moves up as those before it are done: its place counts down, its end stays', async () => {
    const shop = await new Workshop().open();
    await shop.learn(10);
    const ids = await shop.delegate(5);
    const last = ids.at(-1) as TaskId;
    const ends: number[] = [];
    const places: (number | null)[] = [];
    for (let step = 0; step < 5; step += 1) {
      const prediction = shop.prediction(last);
      places.push(prediction.place);
      ends.push(shop.clock.monotonic() / 1_000 + finishOf(prediction));
      await shop.clock.advance(10_000);
    }
    expect(places).toEqual([4, 3, 2, 1, null]);
    for (const end of ends) expect(Math.abs(end - (ends[0] as number))).toBeLessThan(1);
  });

  test('follows a worker that became slower', async () => {
    const shop = await new Workshop().open();
    await shop.learn(64);
    const [, before] = await shop.delegate(2);
    expect(finishOf(shop.prediction(before as TaskId))).toBeCloseTo(20, 0);
    await shop.clock.advance(30_000);
    shop.durationMs = () => 30_000;
    await shop.learn(64);
    const [, after] = await shop.delegate(2);
    expect(finishOf(shop.prediction(after as TaskId))).toBeCloseTo(60, 0);
  });

  test('moves away while a run takes longer than it should', async () => {
    const shop = new Workshop();
    shop.durationMs = (run) => 10_000 + 2_000 * Math.sin(run * 2.4);
    await shop.open();
    await shop.learn(20);
    shop.durationMs = () => 100_000;
    const [running, next] = await shop.delegate(2);
    const ends: number[] = [];
    for (const waitMs of [0, 5_000, 15_000, 30_000]) {
      await shop.clock.advance(waitMs);
      const finish = finishOf(shop.prediction(running as TaskId));
      ends.push(shop.clock.monotonic() / 1_000 + finish);
      expect(startOf(shop.prediction(next as TaskId))).toBeGreaterThan(0);
      expect(finish).toBeGreaterThan(0);
    }
    const [first, second, third, fourth] = ends as [number, number, number, number];
    expect(Math.abs(second - first)).toBeLessThan(2);
    expect(third - first).toBeGreaterThan(8);
    expect(fourth - third).toBeGreaterThan(20);
    const { start } = shop.prediction(running as TaskId);
    expect(start?.p50).toBe(start?.p90);
    expect(Date.parse(start?.p50 ?? '')).toBeLessThan(shop.clock.now() - 49_000);
  });

  test('is known after a restart by the runs of before', async () => {
    const home = temporaryFolder();
    const first = new Workshop();
    first.durationMs = () => 40_000;
    await first.open({ home });
    await first.learn(8);
    await first.drive(first.runtime.close());
    const copy = temporaryFolder();
    cpSync(home, copy, { recursive: true, filter: (path) => !path.includes('/run') });
    const second = await new Workshop().open({ home: copy });
    const [, queued] = await second.delegate(2);
    expect(finishOf(second.prediction(queued as TaskId))).toBeCloseTo(80, 0);
  });

  test('is nothing once it has ended', async () => {
    const shop = await new Workshop().open();
    await shop.learn(2);
    const id = await shop.delegateOne();
    expect(shop.runtime.task(id).prediction).not.toBeNull();
    await shop.clock.advance(11_000);
    expect(shop.runtime.task(id)).toMatchObject({ status: 'completed', prediction: null });
    expect(shop.runtime.prediction(id)).toBeNull();
  });

  test('is part of what a wait answers that ended first', async () => {
    const shop = await new Workshop().open();
    await shop.learn(2);
    const id = await shop.delegateOne();
    const waited = shop.runtime.wait(id, 2_000);
    await shop.clock.advance(3_000);
    expect((await waited).prediction?.in_seconds.finish_p50).toBeCloseTo(8, 0);
  });
});

describe('nothing is expected', () => {
  test('while no worker can be had', async () => {
    const shop = await new Workshop().open({
      workers: [{ capabilities: ['general'] }, { capabilities: ['translation'] }],
    });
    await shop.learn(3);
    await shop.drive(shop.runtime.order('worker_2', 'drain', 'test'));
    const id = await shop.delegateOne({ taskType: 'translation' });
    expect(shop.runtime.task(id)).toMatchObject({ state: 'queued', prediction: null });
    await shop.drive(shop.runtime.order('worker_2', 'resume', 'test'));
    await shop.clock.advance(2_000);
    expect(shop.prediction(id).finish).not.toBeNull();
  });

  test('of what waits while the pool is paused; what runs goes on', async () => {
    const shop = await new Workshop().open();
    await shop.learn(3);
    const [running, queued] = await shop.delegate(2);
    await shop.drive(shop.runtime.pause());
    await shop.clock.advance(2_000);
    expect(finishOf(shop.prediction(running as TaskId))).toBeCloseTo(8, 0);
    expect(shop.runtime.task(queued as TaskId).prediction).toBeNull();
    await shop.drive(shop.runtime.resume());
    await shop.clock.advance(1_000);
    expect(shop.prediction(queued as TaskId).place).toBe(1);
  });
});

describe('a task that is not to start yet', () => {
  test('is expected at its time, and later where many wait', async () => {
    const shop = await new Workshop().open();
    await shop.learn(6);
    const soon = await shop.delegateOne({ runAtMs: shop.clock.now() + 30_000 });
    const late = await shop.delegateOne({ runAtMs: shop.clock.now() + 500_000 });
    await shop.delegate(10);
    await shop.clock.advance(1_000);
    const [first, second] = [shop.prediction(soon), shop.prediction(late)];
    expect([first.place, second.place]).toEqual([null, null]);
    expect(startOf(first)).toBeGreaterThan(80);
    expect(startOf(second)).toBeCloseTo(499, 0);
    expect(finishOf(second)).toBeCloseTo(509, 0);
    expect(shop.runtime.prediction(soon)?.place).toBeNull();
    await shop.clock.advance(200_000);
    expect(shop.runtime.task(soon).status).toBe('completed');
    // Most of it was the time that it had been given: no merit of a prediction.
    expect(shop.runtime.poolView().prediction.finish).toBeNull();
  });

  test('is tried again when its backoff is over, and not before', async () => {
    const shop = await new Workshop().open({
      change: (config) => ({
        ...config,
        models: { ...config.models, server: { ...config.models.server, retryDelayMs: 40_000 } },
      }),
    });
    await shop.learn(6);
    shop.outcome = () => retry('backend.busy', 'busy');
    const id = await shop.delegateOne();
    await shop.clock.advance(10_500);
    const task = shop.runtime.task(id);
    expect(task.state).toBe('backing_off');
    const waitS = (Date.parse(task.run_at ?? '') - shop.clock.now()) / 1_000;
    expect(waitS).toBeGreaterThan(5);
    expect(startOf(shop.prediction(id))).toBeCloseTo(waitS, 1);
  });
});

describe('how good predictions were', () => {
  test('is told of durations, and of the ends that somebody asked for at acceptance', async () => {
    const shop = await new Workshop().open();
    await shop.learn(6);
    expect(shop.runtime.poolView().prediction).toMatchObject({ duration: { runs: 5 }, finish: null });
    const ids = await shop.delegate(4);
    for (const id of ids) shop.runtime.prediction(id);
    shop.durationMs = () => 20_000;
    await shop.clock.advance(100_000);
    const { duration, finish } = shop.runtime.poolView().prediction;
    expect([duration?.runs, finish?.runs]).toEqual([9, 4]);
    // The first was begun under the old speed, the others took twice as long as was said.
    expect(finish?.bias).toBeLessThan(-0.3);
    expect(finish?.median_error).toBeGreaterThan(0.3);
  });

  test('leaves out what failed and what was cancelled', async () => {
    const shop = await new Workshop().open();
    await shop.learn(6);
    const [failing, cancelled] = await shop.delegate(2);
    for (const id of [failing, cancelled]) shop.runtime.prediction(id as TaskId);
    shop.outcome = () => failed('model.unknown', 'no such model');
    await shop.drive(shop.runtime.cancel(cancelled as TaskId));
    await shop.clock.advance(20_000);
    expect(shop.runtime.task(failing as TaskId).status).toBe('failed');
    expect(shop.runtime.poolView().prediction.finish).toBeNull();
  });
});
