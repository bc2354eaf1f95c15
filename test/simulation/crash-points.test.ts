import { expect, test } from 'vitest';
import { brokenIn, simulateSmall } from '../support/small-world.ts';

const short = {
  hours: 0.05,
  load: { perHour: 60, burstsPerHour: 0, cancelled: 0.3, moved: 0.3, watched: 1 },
};

/** Each of the first commits is met, in one way or another; nearly all of the time goes into these worlds. */
test.each([
  ['before', 1],
  ['within', 2],
  ['after', 3],
] as const)('a process that is killed %s a commit loses nothing', async (where, first) => {
  const { report } = await simulateSmall({ ...short, seed: 3 });
  expect(report.commits).toBeGreaterThan(24);
  for (let commit = first; commit <= 24; commit += 3) {
    const simulation = await simulateSmall({ ...short, seed: 3, crashPoints: [{ commit, where }] });
    expect([commit, brokenIn(simulation)]).toEqual([commit, []]);
    expect(simulation.report.faults).toMatchObject({ [`commit.killed_${where}`]: 1 });
    expect(simulation.report.processes).toBe(2);
  }
});

test('a process that is killed in its recovery too recovers all the same', async () => {
  const { report } = await simulateSmall({
    ...short,
    seed: 3,
    crashPoints: [{ commit: 12, where: 'after' }],
  });
  expect(report.processes).toBe(2);
  for (const where of ['before', 'within', 'after'] as const) {
    const crashPoints = [
      { commit: 12, where: 'after' as const },
      { commit: 13, where },
    ];
    const simulation = await simulateSmall({ ...short, seed: 3, crashPoints });
    expect(brokenIn(simulation)).toEqual([]);
    expect(simulation.report.processes).toBe(3);
  }
});
