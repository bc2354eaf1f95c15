/** Bounds of looking into actors, each with its reason. Times in ms. */
export const inspectionLimits = {
  /** Actors that one connection watches; a screen shows fewer. */
  actorsPerWatcherMax: 20,
  /** Between two differences of the overall view: ten a second look smooth. */
  overviewMs: 100,
  /** Over which rates are measured. */
  rateMs: 1_000,
  /** In which so many transitions of one actor are told; of more, their number and a fresh snapshot. */
  transitionWindowMs: 100,
  transitionsPerWindowMax: 20,
  /** One string of a context or an event; prompts and answers are cut like the rest. */
  excerptTextCharsMax: 200,
  /** Entries of one list or object. */
  excerptEntriesMax: 50,
  /** Values in one excerpt, all its levels together: some 16 KB at most, if they are not long texts. */
  excerptValuesMax: 400,
  /** Levels of one excerpt. */
  excerptDepthMax: 6,
  /** Actors in one page of those in a state. */
  pageActorsMax: 200,
  /** Workers and servers in one supervision tree; their number is told beside it. */
  treeActorsMax: 500,
} as const;
