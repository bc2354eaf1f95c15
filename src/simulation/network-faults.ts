import type { FaultMix } from './fault-mix.ts';

/**
 * How often things go wrong between the pool and workers that join it. Shares are of one in [0, 1]; numbers per hour are
 * for each worker.
 */
export interface NetworkFaults {
  /** How many workers join by themselves; without any, nothing of all this happens. */
  readonly joinedWorkers: number;
  /** Of beats that a worker leaves out. */
  readonly beatDropped: number;
  /** Of beats that are sent twice. */
  readonly beatDoubled: number;
  /** Of beats that are sent late, and say what was true when they should have been. */
  readonly beatLate: number;
  /** Of beats that are sent after the one that follows them. */
  readonly beatReordered: number;
  /** Of tasks that are handed over, and that a worker loses before it has begun. */
  readonly runLost: number;
  /** Of tasks that a worker is handed twice. */
  readonly runDoubled: number;
  /** Of words to stop that a worker loses. */
  readonly stopLost: number;
  /** Of pieces of text that a worker leaves out. */
  readonly textDropped: number;
  /** Of results that are sent twice. */
  readonly resultDoubled: number;
  /** Of results that are sent late. */
  readonly resultLate: number;
  /** Of results that are followed by one for a lease of somebody else. */
  readonly resultForged: number;
  /** Of results that are preceded by one that names the lease, and another task. */
  readonly resultMisnamed: number;
  /** Of results that are preceded by a frame that is none. */
  readonly frameMalformed: number;
  /** Of results that are preceded by a frame that is larger than allowed. */
  readonly frameOversize: number;
  /** Connections that end. */
  readonly linkCutsPerHour: number;
  /** Connections of which one direction is lost from then on, and nobody is told. */
  readonly linkHalfOpensPerHour: number;
  /** Connections on which nothing arrives for a while, and then all of it. */
  readonly linkStallsPerHour: number;
  /** Workers that the network does not reach for a while. */
  readonly linkPartitionsPerHour: number;
  /** Several cuts of everybody at once, one shortly after the other. */
  readonly linkStormsPerHour: number;
  /** Worker processes that die; a third of them with their machine, so that no connection is closed. */
  readonly joinerCrashesPerHour: number;
  /** Worker processes that stand still, many for longer than the heartbeat timeout. */
  readonly joinerSuspendsPerHour: number;
  /** Second processes under the same name, for a while. */
  readonly namesakesPerHour: number;
  /** Processes that speak an old version of the protocol. */
  readonly outdatedPerHour: number;
  /** Workers that stop in order, and come again. */
  readonly goodbyesPerHour: number;
}

export const noNetworkFaults: NetworkFaults = {
  joinedWorkers: 0,
  beatDropped: 0,
  beatDoubled: 0,
  beatLate: 0,
  beatReordered: 0,
  runLost: 0,
  runDoubled: 0,
  stopLost: 0,
  textDropped: 0,
  resultDoubled: 0,
  resultLate: 0,
  resultForged: 0,
  resultMisnamed: 0,
  frameMalformed: 0,
  frameOversize: 0,
  linkCutsPerHour: 0,
  linkHalfOpensPerHour: 0,
  linkStallsPerHour: 0,
  linkPartitionsPerHour: 0,
  linkStormsPerHour: 0,
  joinerCrashesPerHour: 0,
  joinerSuspendsPerHour: 0,
  namesakesPerHour: 0,
  outdatedPerHour: 0,
  goodbyesPerHour: 0,
};

export const lightNetworkFaults: NetworkFaults = {
  ...noNetworkFaults,
  linkCutsPerHour: 0.5,
  linkHalfOpensPerHour: 0.1,
  linkStallsPerHour: 0.5,
  linkPartitionsPerHour: 0.1,
  joinerCrashesPerHour: 0.1,
  joinerSuspendsPerHour: 0.1,
  goodbyesPerHour: 0.1,
};

export const heavyNetworkFaults: NetworkFaults = {
  joinedWorkers: 0,
  beatDropped: 0.02,
  beatDoubled: 0.02,
  beatLate: 0.02,
  beatReordered: 0.02,
  runLost: 0.03,
  runDoubled: 0.05,
  stopLost: 0.1,
  textDropped: 0.02,
  resultDoubled: 0.05,
  resultLate: 0.05,
  resultForged: 0.03,
  resultMisnamed: 0.03,
  frameMalformed: 0.02,
  frameOversize: 0.01,
  linkCutsPerHour: 4,
  linkHalfOpensPerHour: 2,
  linkStallsPerHour: 4,
  linkPartitionsPerHour: 1,
  linkStormsPerHour: 1.5,
  joinerCrashesPerHour: 2,
  joinerSuspendsPerHour: 2,
  namesakesPerHour: 1,
  outdatedPerHour: 0.5,
  goodbyesPerHour: 1,
};

/** Those that happen by the hour. */
export type HourlyNetworkFault = Extract<keyof NetworkFaults & keyof FaultMix, `${string}PerHour`>;
