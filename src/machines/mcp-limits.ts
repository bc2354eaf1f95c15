/** Bounds of what clients of MCP are answered, each with its reason. Times in ms. */
export const mcpLimits = {
  /** How long a tool waits for a task unless told otherwise: many clients give up after 60 s. */
  waitMsDefault: 45_000,
  /** And at most: who wants to wait for longer asks again, and loses nothing. */
  waitMsMax: 600_000,
  /** A wait without news says that it goes on: clients that hear something do not give up. */
  progressIntervalMs: 5_000,
  /** Between two notifications however much happens: text comes by the token. */
  progressGapMs: 500,
  /** Characters of an answer in the result of a tool: some 10,000 tokens of the context of whoever asks. */
  outputCharsMax: 40_000,
  /** Characters of an answer that are handed out at once to one who asks for so many. */
  pageCharsMax: 1_000_000,
  /** Characters of a prompt that are shown again. */
  promptCharsMax: 2_000,
  /** Tasks in one list: more is not read by a model, but paid for. */
  listRowsMax: 100,
  /** Tasks that the list of resources names, and that a completion looks at. */
  resourcesListed: 50,
  /** Lines of a log in one answer. */
  logLinesMax: 200,
  /** Tasks of a bulk that are answered with when they are expected to end. */
  bulkPredictionsMax: 100,
  /** Messages in one body: only the revision of March 2025 knew of more than one. */
  batchMessagesMax: 50,
  /** URIs from outside; the longest of ours has some 100 characters. */
  uriCharsMax: 1_024,
  /** Cancellable requests that are remembered at once; one more is served, but ends only with its connection. */
  openCallsMax: 10_000,
} as const;
