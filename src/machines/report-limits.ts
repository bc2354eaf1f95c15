/** Bounds of a report, each with its reason. */
export const reportLimits = {
  /** Thirty days, like all figures of a period. */
  hoursMax: 720,
  /** A door of this machine that does not take a connection within this is reported as not answering, in ms. */
  doorProbeMs: 500,
  /** Rows of one table: a report is for people. */
  rowsMax: 200,
  /** Workers in the drawing of the architecture; the table names the others. */
  drawnWorkersMax: 20,
} as const;
