const kibibyte = 1_024;

/** Bounds of who comes in, and of what a connection may cost before anybody has, each with its reason. Times in ms. */
export const accessLimits = {
  /** Stored tokens that can be used, as every one is held in memory; there is one to a client, not to a request. */
  tokensMax: 1_000,
  /** Rows of tokens that are over, kept to be looked up; the oldest go first. */
  tokensOverMax: 1_000,
  /** A name is for people to recognise; it stands in lists and logs. */
  tokenNameCharsMax: 100,
  /** Longer lives than ten years are a way of saying never. */
  tokenLifeMsMax: 10 * 365 * 24 * 3_600_000,
  /** What was used is written down at most so often: looking at a task must not cost a write. */
  tokenUseWriteMs: 60_000,
  /** Addresses and tokens whose requests are counted: some 300 bytes each; the oldest is forgotten for a new one. */
  countedMax: 10_000,
  /** All headers of a request: twice what browsers send with many cookies. */
  headerBytesMax: 16 * kibibyte,
  /** Lines of headers of a request: three times what browsers send behind several proxies. */
  headersMax: 100,
  /** The headers of a request must arrive within this: a slow sender may not hold a connection for ever. */
  headersMsMax: 10_000,
  /** A request, its body included, must arrive within this: 10 MiB at 90 KB a second. */
  requestMsMax: 120_000,
  /** GraphQL documents are at most a few hundred KB, so they have less time. */
  documentMsMax: 30_000,
  /** Between two looks at those that are late. */
  lateCheckMs: 2_000,
  /** A connection that asks for nothing more is closed; above the 5 s after which clients of Node let go themselves. */
  idleMsMax: 15_000,
  /** A client that has read nothing of an answer for so long is cut off: what waits for it takes memory. */
  unreadMsMax: 60_000,
  /** Connections of one door at once: 10,000 that wait or watch, and room to ask how it is. */
  connectionsMax: 12_000,
  /** Of these so many from one address that is not this machine: one stranger cannot take the places of all. */
  connectionsPerAddressMax: 1_000,
  /** Requests on one connection; then it is made anew, so that none is for ever on one of several servers. */
  requestsPerConnectionMax: 100_000,
} as const;
