import { limits } from './limits.ts';

const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;

/** Bounds of the link between a pool and a worker that has joined it, each with its reason. Times in ms. */
export const linkLimits = {
  /** One frame to a worker: a body of 10 MiB, and 2 MiB of files of which every byte must be escaped. */
  frameToWorkerBytesMax: 24 * mebibyte,
  /** One frame to the pool: an answer of 16 MiB, of which half must be escaped. */
  frameToPoolBytesMax: 2 * limits.outputBytesMax + mebibyte,
  /** Any frame to the pool that carries no answer. */
  plainFrameCharsMax: mebibyte,
  /** Text in one frame; a longer piece, as after a cut, is sent in several. */
  textFrameCharsMax: 64 * kibibyte,
  /** What one side may have unsent before the pool cuts the link: two of the largest frames. */
  unsentBytesMax: 2 * 24 * mebibyte,
  /** What a worker sends ahead of its network; more text waits with its lease. */
  sendAheadBytesMax: mebibyte,
  /** How long it waits for room. */
  sendAgainMs: 50,
  /** Tasks at once on one worker. */
  slotsMax: 256,
  /** Leases that a worker may speak of in one frame: those of its slots, and results that are not acknowledged. */
  leasesMax: 2_048,
  /** Models that a worker may name; a server of models has some dozens. */
  modelsMax: 512,
  /** Labels, and task types. */
  labelsMax: 64,
  /** Names, values of labels. */
  nameCharsMax: 256,
  /** Sentences for people. */
  sentenceCharsMax: 2_000,
  /** Workers that have joined one pool; each costs a watcher and a probe an interval. */
  linksMax: 256,
  /** A connection that has not said hello within this is closed. */
  helloMsMax: 10_000,
  /** A link that was cut may come back within this before anybody makes something of it. */
  cutGraceMs: 5_000,
  /** Wrong tokens from one address within a minute; then it is turned away for the rest of it. */
  wrongTokensMax: 10,
  wrongTokenWindowMs: 60_000,
  /** Addresses that are remembered for that. */
  wrongAddressesMax: 10_000,
} as const;
