import { expect } from 'vitest';
import type { ChartCoverage } from './path-coverage.ts';
import { PoolBench, type PoolOptions } from './setup-pool.ts';

/** What is done to a pool, and what is to be seen after it: its state, and the facts that it told meanwhile. */
export type PoolStep = readonly [
  act: (bench: PoolBench) => Promise<void> | void,
  state: string,
  told?: readonly string[],
];

/**
 * One path of a pool. A walk over its chart cannot find these: what it knows stands in registries that its actions change
 * in place, and no walk carries those out.
 */
export interface PoolScenario {
  readonly options?: PoolOptions;
  readonly steps: readonly PoolStep[];
}

/** Plays a scenario on a pool that has not been opened, and compares after each step. */
export async function play(name: string, scenario: PoolScenario, coverage?: ChartCoverage): Promise<void> {
  const bench = new PoolBench(scenario.options ?? {});
  if (coverage !== undefined) {
    coverage.watch(bench.pool.logic);
    bench.pool.system.inspect(coverage.inspect);
  }
  let told = 0;
  for (const [index, [act, state, facts = []]] of scenario.steps.entries()) {
    await act(bench);
    bench.turn();
    const types = bench.facts.slice(told).map(({ type }) => type);
    told = bench.facts.length;
    const step = `${name}, step ${index + 1}`;
    expect([step, stateOf(bench), types]).toEqual([step, state, facts]);
  }
}

function stateOf({ state }: PoolBench): string {
  return typeof state === 'string' ? state : Object.entries(state).flat().join('.');
}
