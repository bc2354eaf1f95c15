import { expect, test } from 'vitest';
import { simulatedConfig } from '../support/simulated-config.ts';
import { brokenIn, simulateSmall } from '../support/small-world.ts';

const short = {
  seed: 3,
  hours: 0.05,
  load: { perHour: 60, burstsPerHour: 0, cancelled: 0.3, moved: 0.3, watched: 1 },
};
const codes = ['SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_READONLY'] as const;

/** Of the first commits, each fails in one way or another: before the pool is open the start fails, and the next one does not. */
test('a commit that fails leaves state, memory and streams as before, and is tried again', async () => {
  for (let commit = 1; commit <= 24; commit += 1) {
    const code = codes[commit % codes.length] as (typeof codes)[number];
    const simulation = await simulateSmall({ ...short, failPoints: [{ commit, code }] });
    const { commitKinds, processes } = simulation.report;
    expect([commit, brokenIn(simulation)]).toEqual([commit, []]);
    expect([commit, commitKinds['journal.resumed']?.met ?? processes - 1]).toEqual([commit, 1]);
  }
});

test('a disk that fails again and again, with kills in between, loses nothing', async () => {
  const failPoints = Array.from({ length: 60 }, (_, at) => ({
    commit: 3 + at * 2,
    code: codes[at % codes.length] as (typeof codes)[number],
  }));
  const crashPoints = [
    { commit: 20, where: 'before' as const },
    { commit: 40, where: 'power' as const },
    { commit: 60, where: 'after' as const },
  ];
  const simulation = await simulateSmall({ ...short, disk: 'file', failPoints, crashPoints });
  expect(brokenIn(simulation)).toEqual([]);
  expect(simulation.report.processes).toBeGreaterThanOrEqual(4);
});

test('a herd lives as actors only as far as the window goes, over kills as well', async () => {
  const simulation = await simulateSmall({
    ...short,
    hours: 0.1,
    load: {
      perHour: 60,
      burstsPerHour: 40,
      burstTasks: 40,
      priorities: 'equal',
      taskTypes: ['general'],
      scheduled: 0,
    },
    config: simulatedConfig((config) => ({ ...config, pool: { ...config.pool, admissionWindow: 30 } })),
    crashPoints: [{ kind: 'task.completed', occurrence: 5, where: 'after' }],
  });
  expect(brokenIn(simulation)).toEqual([]);
  expect(simulation.report.tasks.accepted).toBeGreaterThan(100);
  expect(simulation.report.processes).toBe(2);
});
