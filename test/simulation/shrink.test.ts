import { expect, test } from 'vitest';
import { ChosenActs } from '../../src/simulation/acts.ts';
import { shrink } from '../../src/simulation/shrink.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import { forgetful } from '../support/sabotaged-store.ts';
import { brokenIn, smallWorld } from '../support/small-world.ts';

const broken = smallWorld({
  faults: { killsPerHour: 25, error: 0.1, operatorsPerHour: 20 },
  sabotage: forgetful,
});

test('a world that is broken is shrunk to the few acts that break it, and these alone break it again', async () => {
  const shrunk = await shrink(broken, 400);
  expect(shrunk?.of).toBeGreaterThan(10);
  expect(shrunk?.acts).toEqual(['task 3', 'killsPerHour 1', 'task 4', 'keyed 4']);
  const acts = new ChosenActs(new Set(shrunk?.acts));
  expect(brokenIn(await simulate({ ...broken, acts }))).toContain(shrunk?.violation.invariant);
});

test('without any one of them that promise is kept', async () => {
  const { acts = [], violation } = (await shrink(broken, 400)) ?? {};
  for (const left of acts) {
    const others = new ChosenActs(new Set(acts.filter((act) => act !== left)));
    expect(brokenIn(await simulate({ ...broken, acts: others }))).not.toContain(violation?.invariant);
  }
});

test('what it tries has an end', async () => {
  const shrunk = await shrink(broken, 3);
  expect(shrunk?.runs).toBe(3);
  expect(shrunk?.acts.length).toBeLessThan(shrunk?.of ?? 0);
});

test('a world in which all holds has nothing to shrink', async () => {
  expect(await shrink(smallWorld(), 10)).toBeUndefined();
});

test('all acts of a world, chosen by name, are that world', async () => {
  const world = smallWorld({ faults: { killsPerHour: 4, error: 0.1, operatorsPerHour: 20 } });
  const all = new ChosenActs();
  const { trace } = await simulate({ ...world, acts: all });
  expect(all.came.size).toBeGreaterThan(60);
  expect((await simulate({ ...world, acts: new ChosenActs(all.came) })).trace.digest).toBe(trace.digest);
  expect((await simulate(world)).trace.digest).toBe(trace.digest);
});
