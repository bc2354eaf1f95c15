/** Bounds of reading the record of an actor, each with its reason. */
export const recordLimits = {
  /** Facts of a page at most: some 200 KB, and more than a page of the dashboard draws at a time. */
  pageFactsMax: 500,
  /** Facts on each side of a moment that are looked through: some milliseconds, whoever is asked for. */
  aroundSpan: 2_000,
  /** Facts on each side of a moment that are answered: more than a diagram of what happened around it shows. */
  aroundFactsMax: 100,
} as const;
