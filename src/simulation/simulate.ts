import type { LoadShape } from './load-shape.ts';
import { directionsOf } from './recorded-load.ts';
import { VirtualClients } from './virtual-clients.ts';
import { VirtualJoiners } from './virtual-joiners.ts';
import { VirtualOperators } from './virtual-operators.ts';
import { type Simulation, WatchedWorld, type WatchedWorldOptions } from './watched-world.ts';
import type { World } from './world.ts';
import { conclude, examine } from './world-ending.ts';
import { WorldWeather } from './world-weather.ts';

export interface SimulationOptions extends WatchedWorldOptions {
  /** Virtual hours with faults; the time in which everything ends comes on top. */
  readonly hours: number;
  readonly load: LoadShape;
  /** Stops at the first violation, since all that is asked is whether there is one. */
  readonly stopsAtViolation?: boolean;
}

const hourMs = 3_600_000;

/** Runs one world from its beginning to its end, and says what happened in it and whether all that must hold held. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { recorded } = options.load;
  const directed = recorded === undefined ? {} : { directions: directionsOf(recorded) };
  const watched = new WatchedWorld({ ...options, ...directed });
  try {
    const { violations } = watched.judge;
    const isDecided = () => options.stopsAtViolation === true && violations.length > 0;
    await live(watched.world, options, isDecided);
  } finally {
    watched.world.close();
  }
  return watched.result();
}

async function live(
  world: World,
  { hours, load }: SimulationOptions,
  isDecided: () => boolean,
): Promise<void> {
  const clients = new VirtualClients(world, load);
  const operators = new VirtualOperators(world);
  const weather = new WorldWeather(world);
  const joiners = new VirtualJoiners(world);
  examine(world);
  world.begin();
  clients.begin();
  operators.begin();
  weather.begin();
  joiners.begin();
  await world.time.run(hours * hourMs, isDecided);
  if (isDecided()) return;
  clients.close();
  weather.end();
  joiners.mend();
  await conclude(world, operators, clients, isDecided);
  joiners.close();
}
