import { describe, expect, test } from 'vitest';
import type { TaskId } from '../../src/machines/identifiers.ts';
import type { PredictionView } from '../../src/runtime/prediction-view.ts';
import type { SetUp } from '../support/running-server.ts';
import { Workshop } from '../support/workshop.ts';

/** Seconds until the middle of what is expected. */
const startOf = ({ in_seconds }: PredictionView) => in_seconds.start_p50 ?? Number.NaN;
const finishOf = ({ in_seconds }: PredictionView) => in_seconds.finish_p50 ?? Number.NaN;

describe('a long queue', () => {
  /** Two tasks of a tier live, and the others wait as rows. */
  const smallWindow: SetUp['change'] = (config) => ({
    ...config,
    pool: { ...config.pool, admissionWindow: 20 },
  });

  test('places tasks that wait as rows by the order in which they came', async () => {
    const shop = await new Workshop().open({ change: smallWindow });
    await shop.learn(10);
    const ids = await shop.delegate(101);
    expect(shop.runtime.readiness().waiting.dormant).toBeGreaterThan(90);
    const asked = [10, 50, 100].map((at) => shop.prediction(ids[at] as TaskId));
    expect(asked.map(({ place }) => place)).toEqual([10, 50, 100]);
    for (const [at, prediction] of asked.entries()) {
      const expected = [100, 500, 1_000][at] as number;
      expect(Math.abs(startOf(prediction) - expected) / expected, `task ${at}`).toBeLessThan(0.1);
    }
    expect(finishOf(shop.runtime.prediction(await shop.delegateOne()) as PredictionView)).toBeGreaterThan(
      990,
    );
  });

  test('keeps a task waiting for all rows of a higher priority', async () => {
    const shop = await new Workshop().open({ change: smallWindow });
    await shop.learn(10);
    await shop.delegate(41, { priority: 9 });
    const low = await shop.delegateOne({ priority: 2 });
    expect(shop.prediction(low).place).toBe(41);
    expect(Math.abs(startOf(shop.prediction(low)) - 410)).toBeLessThan(20);
  });

  test('is passed by who comes later with a higher priority, within the second in which it was looked through', async () => {
    const shop = await new Workshop().open();
    await shop.learn(10);
    const ids = await shop.delegate(11);
    const last = shop.prediction(ids.at(-1) as TaskId);
    expect([last.place, Math.round(startOf(last))]).toEqual([10, 100]);
    const urgent = await shop.delegate(2, { priority: 9 });
    const asked = urgent.map((id) => shop.runtime.prediction(id) as PredictionView);
    expect(asked.map(({ place }) => place)).toEqual([1, 2]);
    expect(asked.map((each) => Math.round(startOf(each)))).toEqual([10, 20]);
  });

  test('grows by what comes within that second: each is told behind the one before', async () => {
    const shop = await new Workshop().open();
    await shop.learn(10);
    const first = shop.runtime.prediction(await shop.delegateOne()) as PredictionView;
    const more = await shop.delegate(5);
    const asked = more.map((id) => shop.runtime.prediction(id) as PredictionView);
    expect(first.place).toBeNull();
    expect(asked.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5]);
    expect(asked.map((each) => Math.round(startOf(each)))).toEqual([10, 20, 30, 40, 50]);
  });

  test('is looked through once a second, however many ask', async () => {
    const shop = await new Workshop().open();
    await shop.learn(3);
    const [, queued] = await shop.delegate(2);
    expect(shop.prediction(queued as TaskId).place).toBe(1);
    await shop.drive(shop.runtime.pause());
    await shop.clock.advance(900);
    expect(shop.prediction(queued as TaskId).place).toBe(1);
    await shop.clock.advance(200);
    expect(shop.runtime.task(queued as TaskId).prediction).toBeNull();
  });
});

test('a place counts down at once, and not only when the queue is looked through again', async () => {
  const shop = await new Workshop().open();
  await shop.learn(10);
  const last = (await shop.delegate(4)).at(-1) as TaskId;
  await shop.clock.advance(9_600);
  expect(shop.prediction(last).place).toBe(3);
  await shop.clock.advance(600);
  expect(shop.prediction(last).place).toBe(2);
});

describe('the workers that a task may get', () => {
  test('take as long as the model does that the task gets there', async () => {
    const shop = new Workshop();
    shop.durationMs = (_run, { model }) => (model === 'small' ? 10_000 : 40_000);
    await shop.open({ workers: [{ maxConcurrentTasks: 1, model: 'small' }] });
    await shop.learn(8);
    await shop.learn(8, { options: { model: 'large' } });
    const [, small] = await shop.delegate(2);
    const large = await shop.delegateOne({ options: { model: 'large' } });
    await shop.clock.advance(1_000);
    expect(finishOf(shop.prediction(small as TaskId))).toBeCloseTo(19, 0);
    expect(finishOf(shop.prediction(large))).toBeCloseTo(59, 0);
  });

  test('are also those in reserve, as long as more may be at work', async () => {
    const open = async (maxWorkers: number) => {
      const shop = await new Workshop().open({
        workers: [{ maxConcurrentTasks: 1 }, { maxConcurrentTasks: 1, standby: true }],
        change: (config) => ({
          ...config,
          pool: { ...config.pool, minWorkers: 1, maxWorkers, scaleUpThreshold: 1, scaleDownThreshold: 0 },
        }),
      });
      await shop.learn(1);
      const ids = await shop.delegate(9);
      await shop.clock.advance(1_000);
      return startOf(shop.prediction(ids.at(-1) as TaskId));
    };
    expect(Math.abs((await open(2)) - 40)).toBeLessThan(8);
    expect(Math.abs((await open(1)) - 80)).toBeLessThan(8);
  });
});
