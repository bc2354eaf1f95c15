import { expect, test } from 'vitest';
import { AskingPace } from '../../../src/http/dashboard/asking-pace.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** A question that takes `answerMs`, and when it was asked. */
function setup({ restMs = 1_000, everyMs = 30_000, answerMs = 10 } = {}) {
  const clock = new VirtualClock();
  const askedMs: number[] = [];
  const world = { isSeen: true };
  const pace = new AskingPace(
    {
      monotonic: () => clock.monotonic(),
      setTimeout: (fn, delayMs) => clock.setTimeout(fn, delayMs),
      clearTimeout: (timer) => clock.clearTimeout(timer),
      isSeen: () => world.isSeen,
      ask: () => {
        askedMs.push(clock.monotonic());
        return new Promise((resolve) => clock.setTimeout(resolve, answerMs));
      },
    },
    { restMs, everyMs },
  );
  return { clock, pace, askedMs, world };
}

test('while nothing happens, it is asked rarely', async () => {
  const { clock, pace, askedMs } = setup();
  pace.now();
  await clock.advance(90_000);
  expect(askedMs).toEqual([0, 30_010, 60_020]);
});

test('what happens is asked for at once, and however much happens, only once in each rest', async () => {
  const { clock, pace, askedMs } = setup();
  pace.now();
  await clock.advance(5_000);
  for (let times = 0; times < 290; times += 1) {
    pace.want();
    await clock.advance(10);
  }
  expect(askedMs).toEqual([0, 5_000, 6_000, 7_000]);
  await clock.advance(1_000);
  expect(askedMs.at(-1), 'the last that happened is asked for, too').toBe(8_000);
});

test('what happens while an answer is under way is asked for after it', async () => {
  const { clock, pace, askedMs } = setup({ restMs: 0, answerMs: 500 });
  pace.now();
  await clock.advance(100);
  pace.want();
  pace.want();
  await clock.advance(2_000);
  expect(askedMs).toEqual([0, 500]);
});

test('nobody is asked for those who do not look; who looks again sees what has become due meanwhile', async () => {
  const { clock, pace, askedMs, world } = setup();
  pace.now();
  await clock.advance(100);
  world.isSeen = false;
  pace.want();
  await clock.advance(100_000);
  expect(askedMs).toEqual([0]);
  world.isSeen = true;
  pace.look();
  expect(askedMs).toEqual([0, 100_100]);
});

test('with nothing to be asked rarely, no timer is left; and none after the end', async () => {
  const { clock, pace, askedMs } = setup({ everyMs: Number.POSITIVE_INFINITY });
  pace.now();
  await clock.advance(100);
  expect([askedMs.length, clock.pending]).toEqual([1, 0]);
  pace.want();
  expect(clock.pending).toBe(1);
  pace.end();
  pace.want();
  await clock.advance(10_000);
  expect([askedMs.length, clock.pending]).toEqual([1, 0]);
});
