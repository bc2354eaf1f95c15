import { type FaultMix, faultLevels } from '../../src/simulation/fault-mix.ts';
import { type LoadShape, usualLoad } from '../../src/simulation/load-shape.ts';
import { type SimulationOptions, simulate } from '../../src/simulation/simulate.ts';
import type { Simulation } from '../../src/simulation/watched-world.ts';
import { simulatedConfig } from './simulated-config.ts';

export interface SmallWorld extends Partial<Omit<SimulationOptions, 'faults' | 'load'>> {
  readonly faults?: Partial<FaultMix>;
  readonly load?: Partial<LoadShape>;
}

/** A workshop of half an hour with some 60 tasks, in which nothing goes wrong but what the test asks for. */
export function smallWorld({ faults, load, ...options }: SmallWorld = {}): SimulationOptions {
  return {
    seed: 1,
    hours: 0.5,
    config: simulatedConfig(),
    ...options,
    faults: { ...faultLevels.none, ...faults },
    load: { ...usualLoad, perHour: 100, burstTasks: 10, ...load },
  };
}

export function simulateSmall(options: SmallWorld = {}): Promise<Simulation> {
  return simulate(smallWorld(options));
}

/** What was broken, each once. */
export function brokenIn({ verdict }: Simulation): readonly string[] {
  return [...new Set(verdict.violations.map(({ invariant }) => invariant))];
}
