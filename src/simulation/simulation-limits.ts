/** Bounds of a simulation that somebody asks for at the command line. */
export const simulationLimits = {
  /** Four weeks: some hours of computing, and what is remembered of each task fits into memory. */
  hoursMax: 672,
  /** Above, one virtual hour takes longer than a real one. */
  tasksPerHourMax: 1_000_000,
  /** A night of computing; one report names the digest of each. */
  seedsMax: 1_000_000,
  /** Of each seed, where nobody says otherwise: long enough to begin anew a few times, short enough for thousands. */
  seedHours: 0.5,
  /** Processes that share the seeds; more than there are processors helps nobody. */
  jobsMax: 64,
  /** Tasks of a record that are read for a replay: what is remembered of each fits into memory. */
  replayedTasksMax: 1_000_000,
  /** Worlds that are tried to make a broken one small: some minutes; a list of ten acts takes far fewer. */
  shrinkRunsMax: 2_000,
} as const;
