import { expect, test } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

test('timers fire in the order of their times, and in the order of arming at the same time', async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  const arm = (name: string, delayMs: number) =>
    clock.setTimeout(() => fired.push(`${name} ${clock.monotonic()}`), delayMs);
  for (const [name, delayMs] of [
    ['c', 30],
    ['a', 10],
    ['b', 20],
    ['a2', 10],
    ['late', 31],
  ] as const)
    arm(name, delayMs);
  clock.clearTimeout(arm('never', 15));
  await clock.advance(30);
  expect(fired).toEqual(['a 10', 'a2 10', 'b 20', 'c 30']);
  expect([clock.pending, clock.monotonic()]).toEqual([1, 30]);
});

test('a timer that arms itself again fires each time, and promises are settled in between', async () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  const tick = async () => {
    await Promise.resolve();
    fired.push(clock.monotonic());
    clock.setTimeout(tick, 15);
  };
  clock.setTimeout(tick, 15);
  await clock.advance(60);
  expect(fired).toEqual([15, 30, 45, 60]);
});

test('what is deferred runs before time passes, and the wall clock jumps alone', async () => {
  const clock = new VirtualClock();
  const startMs = clock.now();
  const seen: number[] = [];
  clock.defer(() => {
    seen.push(clock.monotonic());
    clock.defer(() => seen.push(clock.monotonic()));
  });
  await clock.advance(5);
  clock.jumpWall(-3_600_000);
  expect(seen).toEqual([0, 0]);
  expect([clock.monotonic(), clock.now() - startMs]).toEqual([5, 5 - 3_600_000]);
});

test('an event loop that stood still fires late, all at once', async () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  for (const delayMs of [10, 20]) clock.setTimeout(() => fired.push(clock.monotonic()), delayMs);
  await clock.stall(100);
  expect(fired).toEqual([100, 100]);
});
