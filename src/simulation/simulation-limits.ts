/** Bounds of a simulation that somebody asks for at the command line. */
export const simulationLimits = {
  /** Four weeks: some hours of computing, and what is remembered of each task fits into memory. */
  hoursMax: 672,
  /** Above, one virtual hour takes longer than a real one. */
  tasksPerHourMax: 1_000_000,
} as const;
