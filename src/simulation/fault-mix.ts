import {
  heavyNetworkFaults,
  lightNetworkFaults,
  type NetworkFaults,
  noNetworkFaults,
} from './network-faults.ts';
import type { SeededRandom } from './seeded-random.ts';

/**
 * How often things go wrong. Shares are of one in [0, 1]; numbers per hour are means of events that know nothing of
 * each other.
 */
export interface FaultMix extends NetworkFaults {
  /** Of attempts that answer 500. */
  readonly error: number;
  /** Of attempts that are sent away with 503 and a time. */
  readonly busy: number;
  /** Of attempts whose connection is refused or reset before an answer. */
  readonly reset: number;
  /** Of attempts whose stream ends before its last chunk. */
  readonly cut: number;
  /** Of attempts that end well, with nothing in it. */
  readonly empty: number;
  /** Of attempts that answer what no protocol knows. */
  readonly garbage: number;
  /** Of attempts that never answer, although the server lives. */
  readonly hang: number;
  /** Of attempts that take five to twenty times as long. */
  readonly slow: number;
  /** Of attempts whose answer is larger than allowed. */
  readonly oversize: number;
  /** Of attempts in which our own backend throws. */
  readonly throws: number;
  /** Of attempts that do not hear that they shall stop, and report later all the same. */
  readonly late: number;
  /** Of pairs of a server and a model that it does not have. */
  readonly missingModel: number;
  /** Of probes whose answer is lost. */
  readonly beatLost: number;
  /** Of probes whose answer comes late. */
  readonly beatDelayed: number;
  /** Servers that die and come back. */
  readonly crashesPerHour: number;
  /** Servers that cannot be reached for a while, without a word. */
  readonly partitionsPerHour: number;
  /** Times in which the network is gone: no server can be reached. */
  readonly blackoutsPerHour: number;
  /** Times in which every server sends away whoever comes, or fails whatever it is asked. */
  readonly overloadsPerHour: number;
  /** Kills of the process between two steps. */
  readonly killsPerHour: number;
  /** Of commits before, within or after which the process is killed. */
  readonly killAtCommit: number;
  /** Stops in order, with a drain, and a new start. */
  readonly restartsPerHour: number;
  /** Times in which the disk is busy, full or broken. */
  readonly diskFaultsPerHour: number;
  /** Jumps of the wall clock by up to an hour. */
  readonly clockJumpsPerHour: number;
  /** Times in which the process stands still: a stalled event loop, a suspended machine. */
  readonly stallsPerHour: number;
  /** Of worlds whose database is in a file, so that kills and losses of power leave files behind. */
  readonly databaseInFile: number;
  /** What operators do: pause, drain a worker, reload, and so on. */
  readonly operatorsPerHour: number;
}

export type FaultLevel = 'none' | 'light' | 'heavy';

const none: FaultMix = {
  ...noNetworkFaults,
  error: 0,
  busy: 0,
  reset: 0,
  cut: 0,
  empty: 0,
  garbage: 0,
  hang: 0,
  slow: 0,
  oversize: 0,
  throws: 0,
  late: 0,
  missingModel: 0,
  beatLost: 0,
  beatDelayed: 0,
  crashesPerHour: 0,
  partitionsPerHour: 0,
  blackoutsPerHour: 0,
  overloadsPerHour: 0,
  killsPerHour: 0,
  killAtCommit: 0,
  restartsPerHour: 0,
  diskFaultsPerHour: 0,
  clockJumpsPerHour: 0,
  stallsPerHour: 0,
  databaseInFile: 0,
  operatorsPerHour: 0,
};

const light: FaultMix = {
  ...none,
  ...lightNetworkFaults,
  error: 0.005,
  busy: 0.003,
  reset: 0.003,
  cut: 0.003,
  empty: 0.001,
  hang: 0.001,
  slow: 0.01,
  beatLost: 0.005,
  beatDelayed: 0.005,
  crashesPerHour: 0.1,
  partitionsPerHour: 0.05,
  killsPerHour: 0.04,
  restartsPerHour: 0.04,
  stallsPerHour: 0.1,
};

const heavy: FaultMix = {
  ...heavyNetworkFaults,
  error: 0.04,
  busy: 0.02,
  reset: 0.02,
  cut: 0.02,
  empty: 0.01,
  garbage: 0.01,
  hang: 0.01,
  slow: 0.03,
  oversize: 0.003,
  throws: 0.005,
  late: 0.3,
  missingModel: 0.1,
  beatLost: 0.02,
  beatDelayed: 0.02,
  crashesPerHour: 2,
  partitionsPerHour: 1,
  blackoutsPerHour: 0.2,
  overloadsPerHour: 0.2,
  killsPerHour: 1,
  killAtCommit: 0.002,
  restartsPerHour: 0.5,
  diskFaultsPerHour: 2,
  clockJumpsPerHour: 0.5,
  stallsPerHour: 2,
  databaseInFile: 0.03,
  operatorsPerHour: 8,
};

export const faultLevels: Readonly<Record<FaultLevel, FaultMix>> = { none, light, heavy };

/** Workers that join, in so many of all swarms: most have none. */
const joinedInSwarms = [0, 0, 0, 0, 1, 3];

/**
 * A mix of its own for a seed: each fault is left out, as it is, or three times as often. Runs in which everything goes
 * wrong a little look alike; those in which one thing goes wrong all the time do not.
 */
export function swarmOf(mix: FaultMix, random: SeededRandom): FaultMix {
  const entries = Object.entries(mix).map(([name, rate]) => {
    if (name === 'joinedWorkers')
      return [name, rate > 0 ? rate : random.pick(joinedInSwarms, 'swarm', name)] as const;
    const weight = random.pick([0, 1, 1, 3], 'swarm', name);
    return [name, name.endsWith('PerHour') ? rate * weight : Math.min(1, rate * weight)] as const;
  });
  return Object.fromEntries(entries) as unknown as FaultMix;
}

/** Nothing goes wrong any more. */
export function calmMix(mix: FaultMix): FaultMix {
  return { ...mix, ...none };
}
