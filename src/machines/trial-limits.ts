/** Bounds of trying a changed configuration, each with its reason. */
export const trialLimits = {
  /** The last decisions that are made again: enough to show a day's pattern, and some 20 ms for ten workers. */
  decisionsMax: 500,
  /** Of those that would differ, so many are shown one by one; all are counted. */
  movesShown: 100,
  /** Characters of a `workers.yaml`: a hundred workers take some 30,000. */
  workersTextCharsMax: 256 * 1_024,
} as const;
