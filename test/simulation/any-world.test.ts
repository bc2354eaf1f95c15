import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faultLevels, swarmOf } from '../../src/simulation/fault-mix.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { brokenIn, simulateSmall } from '../support/small-world.ts';

/** Processes come and go, and nothing is as it should be. */
const harsh = { ...faultLevels.heavy, killsPerHour: 4, restartsPerHour: 2, operatorsPerHour: 10 };

test('whatever goes wrong in it, every world keeps all that must hold', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.constantFrom('mixed', 'equal', 'patient'),
      async (seed, priorities) => {
        const faults = swarmOf(harsh, new SeededRandom(seed));
        const simulation = await simulateSmall({ seed, faults, hours: 0.4, load: { priorities } });
        expect(brokenIn(simulation)).toEqual([]);
        expect(simulation.report.tasks.open).toBe(0);
      },
    ),
    { numRuns: 8, endOnFailure: true },
  );
});
