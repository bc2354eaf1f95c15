/** Bounds of putting away what is old, each with its reason. Times in ms. */
export const retentionLimits = {
  /** Between two looks for what may go: what is kept is bounded in days, so a minute more or less says nothing. */
  sweepEveryMs: 60_000,
  /** Without a write for so long, the log beside the database may be copied back: that takes some 50 ms. */
  quietMs: 250,
  /** Tasks looked at, and at most deleted, in one transaction: measured at 4 ms, in which nothing else happens. */
  sliceTasks: 200,
  /** Prompts and answers deleted in one transaction: each page of theirs is touched. One task may hold more. */
  sliceBytes: 4 * 1024 * 1024,
  /** Events looked at, and at most deleted, in one transaction: measured at 2 ms. */
  sliceEvents: 500,
  /** Behind so many slices their pages are copied back: SQLite itself would let more add up, and copy them at one go. */
  slicesPerCheckpoint: 2,
  /** Idempotency keys deleted in one transaction, and at a start. */
  sliceKeys: 500,
  /** Pages given back to the disk in one transaction: each may be a page that is moved. Measured at 2 ms. */
  slicePages: 64,
  /** Between two slices while nothing else is written. */
  quietGapMs: 5,
  /** The same while something is: requests and leases go first. */
  busyGapMs: 50,
  /** After a slice while something is written, so many times as long as it took is left to others. */
  busyShare: 9,
  /** A wall clock that was set ahead is believed after so long: time for an operator to see it and to set it right. */
  clockBeliefMs: 86_400_000,
  /** However many ended tasks are too many: whoever waits for one by asking again and again gets its answer. */
  freshMs: 60_000,
  /** Leases looked at, from the last one back, for the runs that predictions are learned from at a start. */
  leasesLookedAt: 8_000,
  /** Free pages below which a file is not worth shrinking: 16 MiB, which new tasks will use. */
  freePagesKept: 4_096,
  /** Of all pages, free ones below this share are left to new tasks. */
  freeShareKept: 0.25,
  /** Bytes of the log beside the database that stay when it is copied back; a longer file is cut. */
  walBytesKept: 16 * 1024 * 1024,
} as const;
