import { expect, test } from 'vitest';
import { DurationBook } from '../../../src/machines/duration-book.ts';
import type { PoolInput } from '../../../src/machines/pool-context.ts';
import { poolMachine } from '../../../src/machines/pool-machine.ts';
import { ChartCoverage } from '../../support/path-coverage.ts';
import { play } from '../../support/path-pool.ts';
import { poolScenarios } from '../../support/path-pool-scenarios.ts';
import { replayAll } from '../../support/path-replay.ts';
import { edgePaths, simplePaths, type Walk } from '../../support/path-walk.ts';
import { makePolicy } from '../../support/pool-samples.ts';

/** A pool with nobody in it: the part of its chart that does not look into its registries. */
function emptyPool(isPaused: boolean): Walk {
  const input: PoolInput = {
    workers: [],
    policy: makePolicy(),
    book: new DurationBook(),
    admissionWindow: 10,
    nextAssignment: 1,
    drainGraceMs: 30_000,
    isPaused,
    ports: {
      spawnTask: () => {
        throw new Error('a pool that is given no tasks starts none');
      },
      wantTurn: () => undefined,
      wantRows: () => undefined,
    },
  };
  return {
    machine: poolMachine,
    input,
    events: () => [
      { type: 'pool.open', recovered: 0, waiting: [] },
      ...['turn', 'pause', 'resume', 'drain'].map((command) => ({ type: `pool.${command}` })),
    ],
  };
}

test('a pool is where each path was foreseen to lead, and nothing of its chart is left out', async () => {
  const coverage = new ChartCoverage(poolMachine, { raised: { crashWindowMs: 'crash.forgotten' } });
  const machine = coverage.watch(poolMachine.provide({}));
  for (const isPaused of [false, true]) {
    const walk = emptyPool(isPaused);
    const paths = [...edgePaths(walk), ...simplePaths(walk)];
    expect(paths.length).toBeGreaterThan(15);
    await replayAll(walk, paths, () => ({ coverage, machine }));
  }
  for (const [name, scenario] of Object.entries(poolScenarios)) await play(name, scenario, coverage);
  expect(coverage.missing()).toEqual([]);
  expect(coverage.summary()).toBe(
    '8/8 states, 46/46 transitions, 12/12 guards, 12/12 places of guards, 2/2 delays',
  );
});
