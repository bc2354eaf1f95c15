const mebibyte = 1_024 * 1_024;

/** Bounds of MCP's tasks extension, each with its reason. Times in ms. */
export const mcpTaskLimits = {
  /** A client that polls sooner learns nothing new: predictions change with the runs that end. */
  pollMsMin: 500,
  /** A client that polls later notices the end too late, whatever was predicted. */
  pollMsMax: 15_000,
  /** Tasks that one subscription may watch; each costs a place among the watchers. */
  watchedTasksMax: 256,
  /** Subscriptions to tasks that are open at once: each holds a connection. */
  subscriptionsMax: 1_024,
  /** What one subscription may have unread before it is cut: a few large answers; `tasks/get` has them all. */
  unreadBytesMax: 32 * mebibyte,
  /** Proxies cut a connection that says nothing. */
  keepAliveMs: 15_000,
} as const;
