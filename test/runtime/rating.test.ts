import { expect, test } from 'vitest';
import type { Config } from '../../src/config/settings.ts';
import { loadConfig } from '../../src/config.ts';
import { CurrentConfig } from '../../src/runtime/current-config.ts';
import { rateRegularly } from '../../src/runtime/rating.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const shipped = loadConfig({ cwd: '/nowhere', env: { KOUBOU_CONFIG: `${process.cwd()}/config` } });

function withRating(autoAdjust: boolean, adjustmentIntervalMs: number): Config {
  return { ...shipped, performance: { ...shipped.performance, autoAdjust, adjustmentIntervalMs } };
}

test('speeds are looked at each interval, until it ends', async () => {
  const clock = new VirtualClock();
  const rated: number[] = [];
  const end = rateRegularly(clock, new CurrentConfig(withRating(true, 1_000)), () =>
    rated.push(clock.monotonic()),
  );
  await clock.advance(3_500);
  expect(rated).toEqual([1_000, 2_000, 3_000]);
  end();
  await clock.advance(5_000);
  expect(rated).toHaveLength(3);
  expect(clock.pending).toBe(0);
});

test('a reload changes the interval, and switches it off and on', async () => {
  const clock = new VirtualClock();
  const rated: number[] = [];
  const config = new CurrentConfig(withRating(false, 1_000));
  rateRegularly(clock, config, () => rated.push(clock.monotonic()));
  await clock.advance(1_500);
  config.replace(withRating(true, 4_000));
  await clock.advance(8_500);
  expect(rated).toEqual([2_000, 6_000, 10_000]);
});
