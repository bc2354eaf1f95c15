import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { type Owner, VirtualTime } from '../../src/simulation/virtual-time.ts';

const owner = (): Owner => ({ isDead: false, asleepUntilMs: 0 });

test('promises and turns that a timer leads to are done before the next timer fires', async () => {
  const time = new VirtualTime();
  const clock = time.clockOf(owner());
  const seen: string[] = [];
  clock.setTimeout(() => {
    seen.push('timer');
    void Promise.resolve().then(() => seen.push('promise'));
    clock.defer(() => seen.push('turn'));
  }, 10);
  clock.setTimeout(() => seen.push('next timer'), 10);
  await time.run(20);
  expect(seen).toEqual(['timer', 'promise', 'turn', 'next timer']);
  expect([time.elapsedMs, time.steps]).toEqual([20, 3]);
});

test('timers of the dead never fire, and those of a sleeper fire when it wakes up, in their order', async () => {
  const time = new VirtualTime();
  const [dead, sleeper] = [owner(), owner()];
  const seen: string[] = [];
  time.clockOf(dead).setTimeout(() => seen.push('dead'), 5);
  for (const name of ['first', 'second']) {
    time.clockOf(sleeper).setTimeout(() => seen.push(`${name} at ${time.elapsedMs}`), 5);
  }
  dead.isDead = true;
  sleeper.asleepUntilMs = 50;
  await time.run(100);
  expect(seen).toEqual(['first at 50', 'second at 50']);
});

test('the wall clock jumps, and what is measured does not', async () => {
  const time = new VirtualTime();
  const clock = time.clockOf(owner());
  const beforeMs = clock.now();
  time.jumpWall(-60_000);
  await time.run(1_000);
  expect([clock.now() - beforeMs, clock.monotonic()]).toEqual([-59_000, 1_000]);
});

test('a world that never comes to rest says so', async () => {
  const time = new VirtualTime();
  const clock = time.clockOf(owner());
  const again = () => clock.defer(again);
  again();
  await expect(time.run(1)).rejects.toThrow('still busy');
});

test('what is due at one moment comes in an order that the seed decides', async () => {
  const orderOf = async (seed: number) => {
    const random = new SeededRandom(seed);
    const time = new VirtualTime((order) => random.draw('tie', order));
    const clock = time.clockOf(owner());
    const seen: number[] = [];
    for (let each = 0; each < 8; each += 1) clock.setTimeout(() => seen.push(each), 5);
    await time.run(5);
    return seen.join('');
  };
  expect(await orderOf(1)).toBe(await orderOf(1));
  expect(await orderOf(1)).not.toBe(await orderOf(2));
});

test('a draw depends on its name alone', () => {
  const draws = (random: SeededRandom) => ['a', 'b', 'c'].map((purpose) => random.draw(purpose, 7));
  const random = new SeededRandom(3);
  random.suffix(20);
  expect(draws(random)).toEqual(draws(new SeededRandom(3)));
  expect(draws(random)).not.toEqual(draws(new SeededRandom(4)));
  const many = Array.from({ length: 2_000 }, (_, key) => random.draw('even', key));
  expect(many.every((draw) => draw >= 0 && draw < 1)).toBe(true);
  expect(Math.abs(many.reduce((sum, draw) => sum + draw, 0) / many.length - 0.5)).toBeLessThan(0.03);
});
