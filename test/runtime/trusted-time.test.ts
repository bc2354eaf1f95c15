import { expect, test } from 'vitest';
import { TrustedTime } from '../../src/runtime/trusted-time.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const beliefMs = 1_000;

test('goes with the wall clock while that goes with the one that only grows', async () => {
  const clock = new VirtualClock();
  const time = new TrustedTime(clock, beliefMs, null);
  for (let n = 0; n < 5; n += 1) {
    expect(time.now()).toBe(clock.now());
    await clock.advance(700);
  }
});

test('follows a jump back at once, and a jump ahead when it has stood for long enough', async () => {
  const clock = new VirtualClock();
  const time = new TrustedTime(clock, beliefMs, null);
  const begunMs = time.now();
  clock.jumpWall(50_000);
  expect(time.now()).toBe(begunMs);
  await clock.advance(beliefMs);
  expect(time.now()).toBe(begunMs + beliefMs);
  await clock.advance(1);
  expect(time.now()).toBe(clock.now());
  clock.jumpWall(-70_000);
  expect(time.now()).toBe(clock.now());
});

test('of several jumps ahead each waits for its own time', async () => {
  const clock = new VirtualClock();
  const time = new TrustedTime(clock, beliefMs, null);
  time.now();
  clock.jumpWall(10_000);
  time.now();
  await clock.advance(600);
  time.now();
  clock.jumpWall(10_000);
  time.now();
  await clock.advance(500);
  expect(time.now()).toBe(clock.now() - 10_000);
  await clock.advance(600);
  expect(time.now()).toBe(clock.now());
});

test('begins at what is known to have been, and not ahead of a clock that was set back', async () => {
  const clock = new VirtualClock();
  const behind = new TrustedTime(clock, beliefMs, clock.now() - 5_000);
  expect(behind.now()).toBe(clock.now() - 5_000);
  expect(new TrustedTime(clock, beliefMs, clock.now() + 5_000).now()).toBe(clock.now());
  await clock.advance(beliefMs + 1);
  expect(behind.now()).toBe(clock.now());
});
