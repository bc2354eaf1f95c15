import type { Config } from '../config/settings.ts';
import { type FaultLevel, type FaultMix, faultLevels, swarmOf } from './fault-mix.ts';
import { type LoadShape, usualLoad } from './load-shape.ts';
import { SeededRandom } from './seeded-random.ts';
import type { SimulationOptions } from './simulate.ts';

/** How much goes wrong: a level that is the same for every seed, or a mix that each seed draws for itself. */
export type FaultChoice = FaultLevel | 'swarm';

export const faultChoices: readonly FaultChoice[] = ['none', 'light', 'heavy', 'swarm'];

/** Processes come and go, and nothing is as it should be: what swarms are drawn from. */
const harsh: FaultMix = { ...faultLevels.heavy, killsPerHour: 4, restartsPerHour: 2, operatorsPerHour: 10 };

export interface SeededWorld {
  readonly seed: number;
  readonly hours: number;
  readonly config: Config;
  readonly faults: FaultChoice;
  readonly perHour: number | null;
}

/** What a seed stands for, with everything that is drawn from it. */
export function worldOfSeed({ seed, hours, config, faults, perHour }: SeededWorld): SimulationOptions {
  const load = { ...usualLoad, perHour };
  if (faults !== 'swarm') return { seed, hours, config, faults: faultLevels[faults], load };
  const random = new SeededRandom(seed);
  return { seed, hours, config, faults: swarmOf(harsh, random), load: swarmLoad(load, random) };
}

/** Clients differ from seed to seed as well: how many come, in what herds, how urgent they are and how fickle. */
function swarmLoad(load: LoadShape, random: SeededRandom): LoadShape {
  const pick = <T>(list: readonly T[], of: string) => random.pick(list, 'swarm load', of);
  return {
    ...load,
    utilisation: pick([0.2, 0.4, 0.7, 1.2], 'utilisation'),
    burstsPerHour: pick([0, 0, 2], 'bursts'),
    priorities: pick(['mixed', 'mixed', 'equal', 'patient'], 'priorities'),
    scheduled: pick([0, 0.05, 0.2], 'scheduled'),
    cancelled: pick([0, 0.05, 0.3], 'cancelled'),
    moved: pick([0, 0.03, 0.2], 'moved'),
    watched: pick([0.1, 0.5], 'watched'),
  };
}
