import { expect, test } from 'vitest';
import { faultLevels } from '../../src/simulation/fault-mix.ts';
import { brokenIn, simulateSmall } from '../support/small-world.ts';

const heavy = { ...faultLevels.heavy, operatorsPerHour: 0 };

test('the same seed gives the same trace, to the byte, whatever goes wrong in it', async () => {
  const first = await simulateSmall({ seed: 7, faults: heavy, keepsTrace: true });
  const again = await simulateSmall({ seed: 7, faults: heavy, keepsTrace: true });
  expect(first.trace.count).toBeGreaterThan(300);
  expect(again.trace.lines).toEqual(first.trace.lines);
  expect(again.trace.digest).toBe(first.trace.digest);
  expect(again.report).toEqual(first.report);
});

test('another seed gives another trace', async () => {
  const digests = [];
  for (const seed of [1, 2, 3]) digests.push((await simulateSmall({ seed, hours: 0.1 })).trace.digest);
  expect(new Set(digests).size).toBe(3);
});

test('without faults everything is done, and the report says how', async () => {
  const simulation = await simulateSmall({ load: { cancelled: 0, scheduled: 0 } });
  const { report } = simulation;
  expect(brokenIn(simulation)).toEqual([]);
  expect(report.tasks).toMatchObject({ failed: 0, cancelled: 0, open: 0 });
  expect(report.tasks.completed).toBe(report.tasks.accepted);
  expect(report.tasks.accepted).toBeGreaterThan(40);
  expect(report.processes).toBe(1);
  expect(report.faults).toEqual({});
  expect(report.workers.map(({ workerId }) => workerId)).toContain('remote_002');
  for (const { utilisation } of report.workers) expect(utilisation).toBeLessThanOrEqual(1);
  expect(report.waits.reduce((sum, { tasks }) => sum + tasks, 0)).toBe(report.tasks.accepted);
});

test('a measured average task takes 30 s on a fast worker and 233 s on a slow one', async () => {
  const { trace } = await simulateSmall({ keepsTrace: true, hours: 2, load: { cancelled: 0, repeated: 0 } });
  const mean = (worker: string) => {
    const line = new RegExp(`task.completed .*workerId=${worker}.*elapsedMs=([\\d.]+)`);
    const times = trace.lines.flatMap((text) => line.exec(text)?.[1] ?? []).map(Number);
    expect(times.length).toBeGreaterThan(5);
    return times.reduce((sum, each) => sum + each, 0) / times.length;
  };
  const ratio = mean('remote_00\\d') / mean('local_00\\d');
  expect(ratio).toBeGreaterThan(3);
  expect(ratio).toBeLessThan(12);
});

test('a planned fault tells that it fired, and a rare situation that was not reached is named', async () => {
  const { report } = await simulateSmall({ faults: { error: 1, killsPerHour: 6 }, hours: 0.3 });
  expect(report.faults['attempt.error']).toBeGreaterThan(0);
  expect(report.faults['process.killed']).toBeGreaterThan(0);
  expect(report.rareStates['a breaker opened']).toBeGreaterThan(0);
  expect(report.rareStates['a lease was taken back by a recovery']).toBeGreaterThan(0);
  expect(report.unreached).toContain('an answer was too large');
  expect(report.unreached).not.toContain('a breaker opened');
});

test('there are at least 55 rare situations and 35 invariants', async () => {
  const { report } = await simulateSmall({ hours: 0.05 });
  expect(Object.keys(report.rareStates).length).toBeGreaterThanOrEqual(55);
  expect(new Set(report.invariants).size).toBeGreaterThanOrEqual(35);
});
