/**
 * Every bound of the system, with its reason. A limit is reached with a clear error, never with silence, and nothing
 * acknowledged is lost at one. Each has a test of what happens there.
 */
export const limits = {
  /** Hops of one macrostep: a chart that loops is a bug, and must say so instead of hanging (XState's default is none). */
  machineIterationsMax: 1_000,
  /** Tasks that live as actors and wait; the rest waits as rows (some 3 KB each, so 30 MB at most). */
  admissionWindow: 10_000,
  /** Of each priority and task type so many live even when the window is full: what others wait for keeps nobody out. */
  windowReserve: 20,
  /** Actors that wait for a start time; later ones wait as rows. */
  scheduledWindow: 1_000,
  /** A start time this near is armed as a timer of an actor. */
  scheduledHorizonMs: 60_000,
  /** Rows read at a time when the window has room again. */
  activationBatch: 500,
  /** Tasks from behind the window that live because they were given another priority. */
  movedTasksMax: 1_000,
  /** Tasks handed to workers in one turn of the event loop, so that heartbeats and sockets are served in between. */
  dispatchPerTurn: 256,
  /** Waiting tasks in all. Bounded by the disk; 1 M is what was tested. */
  backlogMax: 1_000_000,
  /** Times a task is handed out, whatever for: ends a task that takes its workers down with it. */
  leasesPerTaskMax: 50,
  /** Crashes of the children of one actor within `crashWindowMs` that are mended by a new start; then the fault goes up. */
  crashesPerWindowMax: 5,
  /** Crashes that lie further apart than a minute are accidents, and never add up. */
  crashWindowMs: 60_000,
  /** One delegation: prompt and options. 10 MB is far over any model's context. */
  bodyBytesMax: 10 * 1024 * 1024,
  /** One prompt; the rest of a body is its options, and what JSON escapes. */
  promptCharsMax: 4 * 1024 * 1024,
  /** Keys are UUIDs and the like; the header of a key that is a document is a mistake. */
  idempotencyKeyCharsMax: 255,
  /** Contents of the files that a task names, in all: half a million tokens. */
  fileBytesMax: 2 * 1024 * 1024,
  /** Answers kept for prompts that are sent again, in memory. */
  cacheBytesMax: 64 * 1024 * 1024,
  /** Runs that a start learns durations from. */
  runsRead: 2_000,
  /** Depth of JSON from outside. */
  jsonDepthMax: 64,
  /** Tasks in one call of `POST /tasks/delegate`. */
  bulkTasksMax: 1_000,
  /** Text of one answer; above, the attempt is stopped. */
  outputBytesMax: 16 * 1024 * 1024,
  /** How long one sync request holds its connection. */
  syncWaitMsMax: 3_600_000,
  /** Requests that wait for an ending, and streams that follow one, at once. */
  watchersMax: 10_000,
  /** WebSockets of clients at once: some 30 KB each, measured with 2,000. What they have unsent is encoded once for all. */
  socketsMax: 10_000,
  /** Of these so many may be without a token as yet: who knows none cannot keep out those who do. */
  strangersMax: 256,
  /** One frame of a client: commands are short, and none carries a prompt. */
  commandBytesMax: 64 * 1_024,
  /** Single tasks that one WebSocket follows; for more there is the channel of all. */
  taskWatchesMax: 100,
  /** Facts in one frame of a batch: some 300 KB, so that a client need not parse for long. */
  batchEventsMax: 1_000,
  /** Facts read in one turn for one who resumes: about 2 ms, in which nothing else happens. */
  resumeRowsMax: 500,
  /** Bytes that one slow follower may have unsent before it is cut off; it resumes by its last id. */
  streamBacklogBytesMax: 1_024 * 1_024,
  /** Tokens kept per running task for followers who join late. */
  tokensKeptCharsMax: 256 * 1_024,
  /** Rows in one answer of a list. */
  pageRowsMax: 1_000,
  /** Connections that read, each in a thread of its own. */
  readersMax: 5,
  /** Reads that wait for one of them. */
  readsQueuedMax: 256,
  /** Rows of one transaction: some 20 ms, in which nothing else happens. */
  commitRowsMax: 1_000,
  /** Tasks deleted in one transaction: some 20 ms, in which nothing else happens. */
  forgottenPerSlice: 500,
  /** How long a delegation may wait for a busy disk before it is refused with 503. */
  commitPatienceMs: 2_000,
  /** Between tries to write after the disk has failed. */
  commitRetryMsMax: 1_000,
  /** XState timers clamp here: above 2^31 − 1 ms Node fires at once. */
  timerMsMax: 2_147_483_647,
  /** Characters of a prompt in a log line. */
  logPromptCharsMax: 200,
} as const;
