/** Bounds of looking for tasks, each with its reason. Times in ms. */
export const searchLimits = {
  /** A page that is not full by then is answered as it is; whoever reads on goes on from there. */
  pageMs: 300,
  /** Counting what a bulk would touch; after that, the number is told as "at least". */
  bulkMs: 3_000,
  /** Of a text that is looked for; longer ones are hardly typed. */
  textCharsMax: 200,
  /** One slice takes about so long; between two of them the clock is looked at. */
  sliceMs: 20,
  /** Rows of the first slice, which may all hold long prompts. */
  sliceRowsFirst: 128,
  /** Rows of a slice at most: of small ones, about as many as are read in its time. */
  sliceRowsMax: 32_768,
} as const;
