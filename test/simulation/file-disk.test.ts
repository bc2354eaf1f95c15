import { expect, test } from 'vitest';
import { faultLevels } from '../../src/simulation/fault-mix.ts';
import { brokenIn, simulateSmall } from '../support/small-world.ts';

/** Kills of all kinds, and disks that fail. */
const deadly = {
  ...faultLevels.heavy,
  killsPerHour: 10,
  killAtCommit: 0.006,
  restartsPerHour: 4,
  diskFaultsPerHour: 4,
};

test.each([
  11, 12,
])('seed %d: a world in a file goes as the same world in memory, whatever kills it', async (seed) => {
  const world = { seed, faults: deadly, hours: 0.3 };
  const inMemory = await simulateSmall({ ...world, disk: 'memory' });
  const inFile = await simulateSmall({ ...world, disk: 'file' });
  expect(brokenIn(inFile)).toEqual([]);
  expect(inFile.report.processes).toBeGreaterThan(4);
  expect(inFile.report.tasks.completed).toBeGreaterThan(10);
  expect(inFile.trace.digest).toBe(inMemory.trace.digest);
});
